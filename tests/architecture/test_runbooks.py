"""Every runbook and scenario that comes with Seawall can be used in the reference city, whatever it is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import drills
from connectors.world import real_world
from drills.scenario import NothingIsProposed, RunAfterwards
from drills.scenario_files import PRODUCT, load_scenarios
from seawall.binding import facts_to_read, make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.loading import City, load_city
from seawall.model import Text
from seawall.parameters import services_fitting
from seawall.plan import Plan, references
from seawall.runbook import Parameter

REFERENCE = Path(drills.__file__).parent / "city"
CITY: City = load_city(REFERENCE)
WORLD = real_world(CITY.inventory)  # nothing is connected before the first call
GROUND = Ground(CITY.inventory, CITY.runbooks, CITY.templates, WORLD, CITY.place)
SCENARIOS = load_scenarios([PRODUCT], CITY.inventory, CITY.runbooks)


def fitting(runbook: str) -> Iterator[dict[str, str]]:
    """What the runbook may be given here: each value beside each of every other parameter, the rest being the first.

    All that are its defaults are left to it once, too.
    """
    parameters = CITY.runbooks[runbook].parameters
    named = [[(name, value) for value in values_of(one)] for name, one in parameters.items()]
    firsts = {one[0] for one in named if one}
    for chosen in itertools.product(*named):
        if len(set(chosen) - firsts) > 2:
            continue
        given = {name: value for name, value in chosen if value is not None}
        if fits_together(given):
            yield given


def values_of(parameter: Parameter) -> Iterable[str | None]:
    city = CITY.inventory
    values: dict[str, Iterable[str]] = {
        "service": (
            name
            for name in services_fitting(parameter, city)
            for one in [city.services[name]]
            # A service that somebody else runs, or that has one site only, is moved by nobody here.
            if (one.run_by is not None) == (parameter.run_by is not None)
            if parameter.run_by or (one.runs_at is not None and one.runs_at.standby is not None)
        ),
        "site": city.sites,
        "host": city.hosts,
        "backup": city.backups,
        "audience": city.audiences,
        "choice": parameter.of,
        "yes-no": ("yes", "no"),
        "text": city.stores,  # the only text that a runbook takes is the name of a store
        "number": ("1",),
        "duration": ("1m",),
    }
    return (*([] if parameter.default is None else [None]), *values[parameter.type])


def fits_together(given: dict[str, str]) -> bool:
    """Whether the site is one of the service's, and the store one that keeps the backup."""
    city = CITY.inventory
    runs_at = city.services[given["service"]].runs_at if "service" in given else None
    if "to" in given and runs_at is not None and given["to"] not in runs_at.sites:
        return False
    return "store" not in given or given["store"] in city.backups[given["backup"]].stored_in


def plan_of(runbook: str, given: dict[str, str], *, exercise: bool = True) -> Plan:
    facts_to_read(runbook, GROUND, given)
    return make_plan(runbook, GROUND, given, exercise=exercise)


@pytest.fixture(scope="module", params=CITY.runbooks)
def planned(request) -> list[tuple[dict[str, str], Plan]]:
    """One runbook's plans, beside what each was asked for."""
    return [(given, plan_of(request.param, given)) for given in fitting(request.param)]


def test_the_runbooks_are_those_that_come_with_seawall():
    shipped = {path.stem for path in (REFERENCE.parents[1] / "runbooks").glob("*.yaml")}
    assert set(CITY.runbooks) == shipped
    assert shipped >= {"postgres-failover", "postgres-failback", "take-backup", "verify-backup", "notify"}


def test_a_runbook_plans_for_whatever_fits(planned):
    assert planned
    for given, plan in planned:
        assert plan == Plan.model_validate_json(plan.model_dump_json())
        assert all(plan.parameters[name] == value for name, value in given.items())
        assert plan.confirm
        assert bool(plan.claims) == (plan.changes and plan.runbook != "notify")  # people are told at any time
    given, plan = planned[0]
    assert plan.digest == plan_of(plan.runbook, given).digest
    assert plan.digest != plan_of(plan.runbook, given, exercise=False).digest


def test_a_step_that_changes_something_can_be_undone_or_says_why_not(planned):
    for given, plan in planned:
        # Nobody but the person can take back what a person did, and a step that is left out does nothing.
        changing = [one for one in plan.steps if one.changes and one.by is None and one.skipped is None]
        assert [one.id for one in changing if one.undo is None and one.no_way_back is None] == [], given


def test_a_step_takes_only_what_a_step_before_it_has_seen(planned):
    for given, plan in planned:
        taken = {(step.id, named.partition(".")[0]) for step in plan.steps for named in references(step.args)}
        assert [one for one in taken if one[1] not in before(plan, one[0])] == [], given


def test_nothing_is_promoted_but_on_the_evidence_of_a_fence_before_it(planned):
    for given, plan in planned:
        for step in plan.steps:
            if step.uses == "postgres.promote" and step.skipped is None:
                fence = plan.by_id[step.args["evidence"]["from"]]
                assert fence.uses == "postgres.fence", given
                assert fence.args["server"] == step.args["old"], given
                assert fence.id in before(plan, step.id), given


def test_somebody_in_the_city_may_say_yes_or_do_it(planned):
    for given, plan in planned:
        for step in plan.steps:
            if step.approve is not None:
                assert len(CITY.inventory.with_role(step.approve.by)) >= step.approve.people, (given, step.id)
            if step.by is not None:
                assert CITY.inventory.with_role(step.by), (given, step.id)


def before(plan: Plan, step: str) -> set[str]:
    """Every step that is over when `step` begins."""
    reached: set[str] = set()
    left = [step]
    while left:
        left = [name for one in left for name in plan.by_id[one].after if name not in reached]
        reached.update(left)
    return reached


@pytest.mark.parametrize("runbook", CITY.runbooks.values(), ids=lambda one: one.runbook)
def test_what_people_read_of_a_runbook_is_in_danish_too(runbook):
    texts = [runbook.title, runbook.why, *(one.does for one in runbook.steps)]
    texts += [one.no_way_back for one in runbook.steps if one.no_way_back is not None]
    assert [text.en for text in texts if not said_in_danish(text)] == []


def said_in_danish(text: Text) -> bool:
    return bool(text.da) and text.da != text.en


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda one: one.scenario)
def test_a_scenario_names_runbooks_that_plan_for_what_it_gives_them(scenario):
    runs = [one for one in scenario.afterwards if isinstance(one, RunAfterwards)]
    runs += [] if scenario.respond is None else [scenario.respond]
    assert runs or any(isinstance(one, NothingIsProposed) for one in scenario.expect), "who does anything?"
    for one in runs:
        # `afterwards` may leave the service out: it is the one under load then.
        parameters = CITY.runbooks[one.runbook].parameters
        given = {"service": scenario.load.service} if "service" in parameters else {}
        plan = plan_of(one.runbook, {**given, **one.with_})
        wanted = {step.approve.by for step in plan.steps if step.approve is not None and step.skipped is None}
        may = [] if scenario.respond is None else scenario.respond.approved_by
        assert all(set(may) & set(CITY.inventory.with_role(role)) for role in wanted), "nobody may say yes"


def test_there_is_a_scenario():
    assert "lose-a-site" in SCENARIOS


SLACKLESS = {
    "no workspace": {"slack": None},
    "no channel": {
        "audiences": {
            n: one.model_copy(update={"slack": None}) for n, one in CITY.inventory.audiences.items()
        }
    },
    "no such audience": {"audiences": {"coordinators": CITY.inventory.audiences["coordinators"]}},
}


@pytest.mark.parametrize("lacking", SLACKLESS.values(), ids=SLACKLESS)
@pytest.mark.parametrize(
    "runbook", ["postgres-failover", "static-site-failover", "stateless-service-failover"]
)
def test_a_city_without_slack_is_rescued_without_it(runbook, lacking):
    city = CITY.inventory.model_copy(update=lacking)
    ground = Ground(city, CITY.runbooks, CITY.templates, WORLD, CITY.place)
    service = services_fitting(CITY.runbooks[runbook].parameters["service"], city)[0]
    plan = make_plan(runbook, ground, {"service": service, "to": "south"}, exercise=True)
    told = {step.id: step for step in plan.steps if step.id.startswith("tell-")}
    assert told["tell-by-mail"].skipped is None
    assert told["tell-on-slack"].skipped is not None


def test_of_a_wrong_service_nothing_is_told_that_only_follows_from_it():
    with pytest.raises(BadInput) as refused:
        make_plan("postgres-failover", GROUND, {"service": "logn"}, exercise=True)
    assert [one.where for one in refused.value.mistakes] == ["parameter service"]
