"""Nothing of ours is ever written where a supplier runs a service: no plan holds a change that reaches it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drills
from connectors.world import memory_world
from seawall.actions import Action, Effect, World
from seawall.binding import make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.loading import City, load_city
from seawall.plan import Plan, PlannedStep
from seawall.runbook import Runbook
from seawall.theirs import changes_at_theirs, services_of_suppliers

CITY: City = load_city(Path(drills.__file__).parent / "city")
WORLD: World = memory_world(CITY.inventory)
THEIRS = services_of_suppliers(CITY.inventory)
PLACE = "register.supplier.example"
CHANGES = [
    one
    for one in WORLD.values()
    if one.effect is Effect.CHANGES and not one.name.endswith((".send", ".post"))
]
READS = [one for one in WORLD.values() if one.effect is Effect.READS]
NAMINGS = st.sampled_from(
    [
        "citizen-register",
        PLACE,
        PLACE.upper(),
        f"api.{PLACE}",
        f"{PLACE}.",
        f"{PLACE}:443",
        f"https://{PLACE}/people/7",
        f"https://user@{PLACE}:8443/?q=1",
        "https://register%2Esupplier%2Eexample/people",
        f"curl -X DELETE https://{PLACE}/all",
        f"rsync -a /srv/www/ deploy@{PLACE}:/srv/www/",
        f"psql host={PLACE}",
    ]
)
OTHERS = st.sampled_from(
    [
        "",
        "login",
        "citizen-registers",
        "the citizen-register is read",
        f"not{PLACE}",
        f"{PLACE}-of-ours.dk",
        f"{PLACE}s",
    ]
)


def with_one(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of any shape with such a text somewhere in them."""
    plain = st.none() | st.booleans() | st.integers() | OTHERS
    around = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.lists(plain, max_size=2), inner).map(lambda one: [*one[0], one[1]]),
            st.tuples(st.dictionaries(st.text(max_size=3), plain, max_size=2), inner).map(
                lambda one: {**one[0], "here": one[1]}
            ),
        ),
        max_leaves=4,
    )
    return around.map(lambda one: {"argument": one})


def ground(*steps: dict[str, Any], **parameters: Any) -> Ground:
    book = {
        "runbook": "book",
        "title": "Book",
        "why": "To see",
        "parameters": parameters,
        "steps": list(steps),
    }
    runbooks = {**CITY.runbooks, "book": Runbook.model_validate(book)}
    return Ground(CITY.inventory, runbooks, CITY.templates, WORLD, CITY.place)


@given(st.sampled_from(CHANGES), with_one(NAMINGS))
def test_every_change_that_names_what_is_theirs_is_refused(action: Action[Any, Any], args):
    found = list(changes_at_theirs(CITY.inventory, action, args))
    assert found
    assert "nothing of ours is written there" in found[0].problem
    assert found[0].path[0] == "argument"


@given(st.sampled_from(READS), with_one(NAMINGS))
def test_reading_there_is_what_watching_is(action: Action[Any, Any], args):
    assert not list(changes_at_theirs(CITY.inventory, action, args))


@given(st.sampled_from(CHANGES), with_one(OTHERS))
def test_what_only_looks_alike_is_not_theirs(action: Action[Any, Any], args):
    assert not list(changes_at_theirs(CITY.inventory, action, args))


@pytest.mark.parametrize("runbook", CITY.runbooks)
@pytest.mark.parametrize("service", [one.service for one in THEIRS])
def test_no_runbook_that_comes_with_seawall_changes_anything_at_a_suppliers(runbook, service):
    """Whatever the other parameters are: it makes no plan, or one that only reads, tells people and asks people."""
    parameters = CITY.runbooks[runbook].parameters
    services = [name for name, one in parameters.items() if one.type == "service"]
    for site in CITY.inventory.sites:
        given_ = dict.fromkeys(services, service) | ({"to": site} if "to" in parameters else {})
        given_ |= {name: next(iter(CITY.inventory.backups)) for name in ("backup",) if name in parameters}
        try:
            plan = make_plan(runbook, ground(look()), given_, exercise=False)
        except BadInput:
            continue
        if services:
            assert {step.uses for step in plan.steps if reaches_out(step)} <= {"email.send", "slack.post"}


def reaches_out(step: PlannedStep) -> bool:
    return step.changes and step.by is None


def look() -> dict[str, Any]:
    return {"id": "look", "does": "Look", "uses": "http.probe", "with": {"url": f"https://{PLACE}/alive"}}


def request(url: str) -> dict[str, Any]:
    return {
        "id": "write",
        "does": "Write",
        "uses": "http.request",
        "with": {"method": "POST", "url": url},
        "no_way_back": "None",
    }


def refused(*steps: dict[str, Any]) -> list[str]:
    with pytest.raises(BadInput) as error:
        make_plan("book", ground(*steps), {}, exercise=True)
    return [f"{one.where}: {one.problem}. {one.remedy}." for one in error.value.mistakes]


def test_a_refusal_says_whose_it_is_where_it_stands_and_what_to_do():
    told = (
        "runbook book: http.request changes things, and citizen-register is run by Registerhuset (invented): nothing "
        "of ours is written there. Only read there; when it is down: seawall run supplier-outage "
        "service=citizen-register."
    )
    assert refused(request(f"https://{PLACE}/people")) == [told]


def test_taking_back_reaches_them_as_little_as_doing():
    step = request("https://ours.example/people") | {
        "undo": {"uses": "http.request", "with": {"method": "DELETE", "url": f"https://{PLACE}/people"}}
    }
    step.pop("no_way_back")
    assert len(refused(step)) == 1


def test_places_of_theirs_besides_the_one_that_is_watched_are_theirs_too():
    service = CITY.inventory.services["citizen-register"]
    assert service.run_by is not None
    more = service.run_by.model_copy(
        update={"places": ("192.0.2.200", "2001:db8::77", "cafe", "Portal.Supplier.Example")}
    )
    services = {**CITY.inventory.services, "citizen-register": service.model_copy(update={"run_by": more})}
    inventory = CITY.inventory.model_copy(update={"services": services})
    action = WORLD["http.request"]
    for url in (
        "https://192.0.2.200/x",
        "https://portal.supplier.example",
        "https://[2001:db8::77]:8443/",
        "cafe:443",
    ):
        assert list(changes_at_theirs(inventory, action, {"url": url}))
    assert not list(changes_at_theirs(inventory, action, {"url": "https://192.0.2.20/x"}))


def test_people_are_told_about_what_is_theirs_in_any_words():
    message = {"subject": {"en": PLACE}, "body": {"en": f"https://{PLACE}"}}
    args = {"audience": "coordinators", "message": message}
    assert not list(changes_at_theirs(CITY.inventory, WORLD["email.send"], args))


def test_the_reference_city_has_a_service_of_a_suppliers_and_a_runbook_for_it():
    plan: Plan = make_plan("supplier-outage", ground(look()), {"service": "citizen-register"}, exercise=False)
    assert plan.by_id["call"].by == "duty-officer"
    for said in ("+45 00 00 00 21", "K-0000-17", "shelf 3"):
        assert said in plan.by_id["call"].does.en
    assert plan.promise is not None
    assert (plan.promise.supplier, plan.promise.since) == ("Registerhuset (invented)", "call")
    assert plan.by_id["back-in-time"].within == plan.promise.rto


def test_a_runbook_for_our_own_says_whose_it_is_and_which_runbook_to_take():
    with pytest.raises(BadInput) as error:
        make_plan("notify", ground(look()), {"service": "citizen-register"}, exercise=True)
    said = str(error.value)
    assert "is run by Registerhuset (invented), and stands at no site of ours" in said
    assert "supplier-outage" in said


def test_a_runbook_for_suppliers_takes_no_service_of_our_own():
    with pytest.raises(BadInput, match="is no service that fits here") as error:
        make_plan("supplier-outage", ground(look()), {"service": "login"}, exercise=True)
    assert "citizen-register" in error.value.mistakes[0].remedy
