"""A paper has every step in order, what people do by hand, where, and whom to ring; and nothing that must not leave."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from connectors.by_hand import BY_HAND
from connectors.world import memory_world
from seawall.binding import make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.journal import Acknowledged, Approved, Asked, ByHand, Event, Opened, Started, Succeeded
from seawall.loading import City, load_city
from seawall.model import Language, Text
from seawall.paper.code import check_code, code_text, short_code
from seawall.paper.filling import filled
from seawall.paper.making import make_paper
from seawall.paper.page import to_paper
from seawall.plan import Plan, PlannedStep
from seawall.state import State
from tests.fakes import MIDNIGHT

CITY = Path(__file__).parents[3] / "drills" / "city"
ZONE = ZoneInfo("Europe/Copenhagen")
RUN = "2026-11-21-0400-postgres-failover-k3"


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(CITY)


def plan_of(city: City, runbook: str, *, exercise: bool = True, **parameters: str) -> Plan:
    world = memory_world(city.inventory)
    ground = Ground(city.inventory, city.runbooks, city.templates, world, city.place, city.written)
    return make_plan(runbook, ground, parameters, exercise=exercise)


@pytest.fixture(scope="module")
def failover(city: City) -> Plan:
    return plan_of(city, "postgres-failover", service="login", to="south")


def how(uses: str, _step: PlannedStep) -> Text | None:
    return BY_HAND.get(uses)


def page(
    city: City, plan: Plan, *events: Event, language: Language = "en", unread: tuple[str, ...] | None = None
) -> str:
    state = State(plan, events) if events else None
    paper = make_paper(
        plan, state, city.inventory, how, language=language, zone=ZONE, now=MIDNIGHT, unread=unread
    )
    return to_paper(paper, language, ZONE)


def after(seconds: float) -> Any:
    return MIDNIGHT + timedelta(seconds=seconds)


def begun(plan: Plan) -> tuple[Event, ...]:
    """A run in which a machine looked, the commander said yes, somebody fenced by hand, and one step is under way."""
    names = [step.id for step in plan.steps if step.skipped is None]
    look, fence, promote = names[:3]
    return (
        Opened(
            at=MIDNIGHT,
            run=RUN,
            plan=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            exercise=plan.exercise,
            by="duty-officer",
            version="0",
        ),
        Started(at=after(1), step=look, attempt=1, until=after(5)),
        Succeeded(at=after(2), step=look, attempt=1, seen={}, summary="in recovery"),
        Asked(at=after(2), step=fence, what="approval", of="incident-commander", until=after(600)),
        Approved(at=after(60), step=fence, by="commander", how="typed"),
        ByHand(
            at=after(3600),
            step=fence,
            by="second-on-call",
            when=after(600),
            result="done",
            typed_by="duty-officer",
        ),
        Started(at=after(3700), step=promote, attempt=1, until=after(3710)),
    )


def words(html: str) -> str:
    body = html.partition("<body>")[2]
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", body, flags=re.DOTALL).split())


@pytest.mark.parametrize("language", get_args(Language))
def test_by_hand_too_a_server_is_marked_before_it_is_stopped(city: City, failover: Plan, language: Language):
    """Started again in between, by whatever watches over it, it must come up as a standby."""
    text = page(city, failover, language=language)
    assert 0 < text.index("touch /") < text.index("-m fast -w stop")


def test_every_action_says_what_a_person_does_in_its_place(city: City):
    world = memory_world(city.inventory)
    assert set(BY_HAND) == set(world)
    for name, text in BY_HAND.items():
        assert text.en, name
        if "`" not in text.en or re.sub(r"`[^`]*`", "", text.en).strip(" :."):
            assert text.da, f"{name} has words that Danes read in English"


def test_what_a_person_does_names_only_what_the_action_takes(city: City):
    for name, action in memory_world(city.inventory).items():
        for said in (BY_HAND[name].en, BY_HAND[name].in_("da")):
            assert said.count("`") % 2 == 0, name
            for hole in re.findall(r"\{([^}]*)\}", said):
                assert leads_somewhere(action.args, hole.split(".")), f"{name}: {hole}"


def leads_somewhere(model: Any, path: list[str]) -> bool:
    """Tell whether a path leads to a field of a model, or of one that its fields may hold."""
    if not path:
        return True
    models = [
        one for one in (model, *get_args(model)) if isinstance(one, type) and issubclass(one, BaseModel)
    ]
    return any(
        path[0] in one.model_fields and leads_somewhere(one.model_fields[path[0]].annotation, path[1:])
        for one in models
    )


def test_steps_stand_in_the_order_in_which_they_are_done(city: City, failover: Plan):
    said = page(city, failover)
    places = [said.index(f"<strong>{step.id}</strong>") for step in failover.steps if step.skipped is None]
    assert places == sorted(places)
    assert "<strong>standby-is-close</strong>" not in said, "what the plan leaves out is no step"
    assert "Left out by the plan: 2 standby-is-close" in words(said)


@pytest.mark.parametrize(
    ("exercise", "language", "first"),
    [
        (True, "en", "ØVELSE / EXERCISE This is an exercise."),
        (True, "da", "ØVELSE / EXERCISE Dette er en øvelse."),
        (False, "en", "REAL. THIS IS NOT AN EXERCISE"),
        (False, "da", "VIRKELIG. DETTE ER IKKE EN ØVELSE"),
    ],
)
def test_the_first_words_say_whether_it_is_an_exercise(
    city: City, exercise: bool, language: Language, first: str
):
    plan = plan_of(city, "notify", exercise=exercise, service="login")
    assert words(page(city, plan, language=language)).startswith(first)


def test_a_step_says_where_it_is_done_and_by_what_that_is_known(city: City, failover: Plan):
    said = words(page(city, failover))
    fence = said[said.index(" fence ") : said.index(" promote ")]
    for one in ("north-db/login , 192.0.2.11:5432", "seawall@192.0.2.11:22", "SHA256:", "pg_ctl -D"):
        assert one in fence, one
    assert "system identifier 7574261893311420117" in said
    assert "UUID 62d26fe8-e5a7-445e-9e31-9a55d1fd0b9d" in said


def test_what_has_no_way_back_is_marked(city: City, failover: Plan):
    said = page(city, failover)
    hard = re.findall(r'class="step hard">.*?<strong>([a-z-]+)</strong>', said, flags=re.DOTALL)
    assert hard == [step.id for step in failover.steps if step.no_way_back and not step.skipped]
    assert "promote" in hard


def test_there_is_a_line_for_every_yes(city: City, failover: Plan):
    steps = [
        step
        if step.approve is None
        else step.model_copy(update={"approve": step.approve.model_copy(update={"people": 2})})
        for step in failover.steps
    ]
    plan = failover.model_copy(update={"steps": tuple(steps)})
    assert words(page(city, plan)).count("Yes from the incident commander:") == 2


def test_what_takes_what_another_step_saw_is_said(city: City, failover: Plan):
    assert "Takes what step 5 saw: by hand, do both or neither" in words(page(city, failover))


def test_numbers_are_those_of_people_in_it_and_of_nobody_else(city: City):
    call = words(page(city, plan_of(city, "supplier-outage", service="citizen-register")))
    people = city.inventory.people
    for name in ("duty-officer", "second-on-call", "coordinator"):
        assert str(people[name].telephone) in call
    for name in ("commander", "dr-manager"):
        assert str(people[name].telephone) not in call
    assert "+45 00 00 00 21" in call, "the supplier's desk"
    assert "+45 00 00 00 22" in call, "whom to ring there when they are late"
    assert "Dispatch centre" in call


def test_it_holds_nothing_of_people_but_telephone_numbers(city: City, failover: Plan):
    for said in (page(city, failover), page(city, failover, *begun(failover))):
        for person in city.inventory.people.values():
            assert person.title not in said
            assert person.email is None or person.email not in said


def test_it_holds_no_reference_to_a_secret(city: City, failover: Plan):
    written = failover.model_dump_json()
    references = set(re.findall(r'"((?:env|file|keyring|vault):[^"]+)"', written))
    assert references, "the plan has some"
    said = page(city, failover)
    assert not [one for one in references if one in said]


def test_what_was_not_looked_at_is_said_to_be_unknown(city: City, failover: Plan):
    said = words(page(city, failover, unread=("standby", "distance")))
    assert "what the plan would read first (standby, distance) is unknown" in said
    assert "unknown. The plan" not in words(page(city, failover, *begun(failover)))


def test_a_run_under_way_shows_what_is_done_and_what_is_open(city: City, failover: Plan):
    said = words(page(city, failover, *begun(failover)))
    assert "2 of " in said
    assert "Done by machine 04:00" in said
    assert "Done by hand by second-on-call, 04:10 Yes from commander." in said
    assert "BEGUN 05:01, ending not seen. Look first whether it happened" in said
    assert RUN in said
    assert f"seawall answer {RUN} --from-paper" in said


def test_who_has_a_step_is_said(city: City):
    plan = plan_of(city, "supplier-outage", service="citizen-register")
    opened = begun(plan_of(city, "postgres-failover", service="login", to="south"))[0].model_copy(
        update={"plan": plan.digest}
    )
    asked = Asked(
        at=after(1),
        step="call",
        what="person",
        of="duty-officer",
        person="second-on-call",
        until=after(900),
    )
    assert "second-on-call is asked since 04:00" in words(page(city, plan, opened, asked))
    taken = Acknowledged(at=after(61), step="call", by="second-on-call")
    assert "second-on-call has it since 04:01" in words(page(city, plan, opened, asked, taken))


def test_what_people_wrote_is_escaped(city: City, failover: Plan):
    nasty = "</code><script>alert(1)</script>"
    step = failover.steps[0].model_copy(update={"does": Text(en=nasty)})
    plan = failover.model_copy(update={"steps": (step, *failover.steps[1:]), "title": Text(en=nasty)})
    said = page(city, plan)
    assert "<script" not in said
    assert "alert(1)" in said


def test_nobody_wrote_down_how_is_said_instead_of_nothing(city: City, failover: Plan):
    paper = make_paper(
        failover, None, city.inventory, lambda *_: None, language="da", zone=ZONE, now=MIDNIGHT
    )
    assert "Ingen har skrevet hvordan" in to_paper(paper, "da", ZONE)
    unknown = replace(paper, lines=())
    assert "Trin, i denne rækkefølge" in to_paper(unknown, "da", ZONE)


def test_what_only_a_step_can_know_is_named_in_its_place():
    pieces = filled(
        Text(en="use `{evidence.by}` of {server.host.name}"), {"evidence": {"from": "fence"}}, "en"
    )
    assert "".join(one.words for one in pieces) == "use [what step fence saw] of [not written down]"


@pytest.mark.parametrize(
    "said",
    [
        short_code("ab12cd34ef567890" * 4),
        "AB12 CD34",
        code_text(RUN, "ab12cd34ef567890" * 4),
        code_text(None, "ab12cd34ef567890" * 4),
        f" {code_text(RUN, 'ab12cd34ef567890' * 4)}\n",
    ],
)
def test_a_paper_is_known_by_its_code_however_it_is_typed(said: str):
    check_code(said, RUN, "ab12cd34ef567890" * 4)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "no code"),
        ("ab12", "no code"),
        ("ab12cd35", "another plan"),
        ("yes please", "no code"),
        (code_text("2026-11-21-0400-other-aa", "ab12cd34ef567890" * 4), "other-aa"),
        (code_text(RUN, "cd34ef567890ab12" * 4), "another plan"),
    ],
)
def test_another_paper_is_refused(said: str, problem: str):
    with pytest.raises(BadInput, match=problem):
        check_code(said, RUN, "ab12cd34ef567890" * 4)


@pytest.mark.golden
@pytest.mark.parametrize("language", ["da", "en"])
def test_a_paper_of_a_run_under_way_reads_as_agreed(golden, city: City, failover: Plan, language: Language):
    said = re.sub(r"<svg.*?</svg>", "<svg></svg>", page(city, failover, *begun(failover), language=language))
    golden(f"paper/under-way.{language}.html", timeless(said, failover))


def timeless(said: str, plan: Plan) -> str:
    """Put a name where the plan's digest stands, so that the words alone are compared."""
    digest = plan.digest
    for one in (digest, short_code(digest), *(digest[at : at + 16] for at in range(0, 64, 16))):
        said = said.replace(one, "DIGEST")
    return said
