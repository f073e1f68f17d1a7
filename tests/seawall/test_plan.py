"""A plan is plain: the same inputs give the same bytes and digest, any difference another, and nonsense is refused."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seawall.plan import Plan, canonical, references, resolved
from tests.examples import examples
from tests.seawall.plans import a_change, a_look, a_plan, plans

some = examples(30)


def turned_round(value: Any) -> Any:
    """Return the same JSON with every mapping written in the other order."""
    if isinstance(value, dict):
        return {key: turned_round(one) for key, one in reversed(value.items())}
    return [turned_round(one) for one in value] if isinstance(value, list) else value


@given(plans())
@some
def test_the_same_plan_has_the_same_digest_however_it_was_written_down(plan: Plan):
    again = Plan.model_validate_json(json.dumps(turned_round(plan.model_dump(mode="json"))))
    assert again == plan
    assert again.digest == plan.digest
    assert hashlib.sha256(canonical(plan.model_dump(mode="json"))).hexdigest() == plan.digest


OTHERWISE: list[dict[str, Any]] = [
    {"within": timedelta(days=3)},
    {"args": {"step": "another"}},
    {"can_still_act": True, "proof": None},
    {"lanes": ("elsewhere",)},
    {"uses": "sim.other"},
]


@given(plans(), st.sampled_from(OTHERWISE), st.integers(0, 4))
@some
def test_another_plan_has_another_digest(plan: Plan, otherwise: dict[str, Any], which: int):
    n = which % len(plan.steps)
    step = plan.steps[n].model_copy(update=otherwise)
    other = plan.model_copy(update={"steps": (*plan.steps[:n], step, *plan.steps[n + 1 :])})
    assert (other.digest == plan.digest) is (other == plan)


def test_a_copy_does_not_carry_the_old_digest_along():
    """The digest is kept once worked out; a copy with changes must work out its own."""
    plan = a_plan(a_change("fence"))
    assert plan.digest
    for other in ({"confirm": "mail"}, {"exercise": False}, {"claims": ()}):
        assert plan.model_copy(update=other).digest != plan.digest
    assert list(plan.by_id) == ["fence"]
    assert list(plan.model_copy(update={"steps": (a_change("promote"),)}).by_id) == ["promote"]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([a_change("a", "b"), a_change("b", "a")], "steps wait for one another: "),
        ([a_change("a", "a")], "steps wait for one another: a -> a"),
        ([a_change("a", "gone")], "steps wait for gone, which the plan does not have"),
        ([a_change("a"), a_look("a")], "two steps have the same name"),
    ],
    ids=["circle", "itself", "missing", "twice"],
)
def test_steps_that_nobody_could_put_in_order_are_refused(steps, problem):
    with pytest.raises(ValidationError, match=problem):
        a_plan(*steps)


def test_an_approval_by_nobody_is_refused():
    step = a_change("a").model_dump(mode="json") | {
        "approve": {"by": "commander", "people": 0, "within": "10m"}
    }
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Plan.model_validate(a_plan(a_look("b")).model_dump(mode="json") | {"steps": [step]})


def test_references_are_found_and_filled_in_wherever_they_stand():
    args = {"one": {"from": "fence"}, "list": [{"deep": {"from": "probe.lag"}}, 3], "from": "north"}
    assert references(args) == ("fence", "probe.lag")
    seen: dict[str, dict[str, Any]] = {"fence": {"is": "off"}, "probe": {"lag": 7}}
    assert resolved(args, seen) == {"one": {"is": "off"}, "list": [{"deep": 7}, 3], "from": "north"}
    with pytest.raises(KeyError):
        resolved(args, {"fence": {}})
