"""Where yeses are signed, an override is signed too: by two people with two keys, each for what they said, just now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.journal import Overridden
from seawall.judging import NO_TRUST, NoTrustHere
from seawall.plan import Overriding, Plan
from seawall.state import State
from seawall.statements import OVERRIDE_LASTS, OverrideStatement, override_of, signed
from tests.fakes import MIDNIGHT
from tests.seawall.keys import Key
from tests.seawall.plans import a_change, a_plan
from tests.seawall.test_judging import KEYS, RUN, judge, opened


def plan() -> Plan:
    may = Overriding(by="incident-commander", people=2)
    return a_plan(a_change("fence", override=may), a_change("promote", "fence"))


def override(of: Plan, by: str = "bo", *, key: Key | None = None, **changed: Any) -> Overridden:
    """A word as it is signed, but for what is changed in its statement."""
    given: dict[str, Any] = {
        "run": RUN,
        "now": MIDNIGHT,
        "lost_writes": 3,
        "lost_seconds": 1.5,
        "why": "it burns",
    }
    said: OverrideStatement = override_of(of, of.by_id["fence"], by=by, **given).model_copy(update=changed)
    return Overridden(
        at=said.at,
        step="fence",
        by=by,
        lost_writes=said.lost_writes,
        lost_seconds=said.lost_seconds,
        why=said.why,
        signed=signed(said, "seawall-override", key or KEYS[by]),
    )


def why_not(
    folder: Path, word: Overridden, *, before: Overridden | None = None, later: timedelta = timedelta()
) -> str | None:
    of = plan()
    state = State(of, [opened(of)])
    if before is not None:
        state.steps["fence"].overrides[before.by] = before
    return judge(folder).why_override_does_not_count(word, state, MIDNIGHT + later)


def test_a_signed_override_of_somebody_who_may_counts(tmp_path):
    assert why_not(tmp_path, override(plan())) is None
    assert why_not(tmp_path, override(plan(), "erik"), before=override(plan())) is None


WRONG: dict[str, tuple[Callable[[], Overridden], str]] = {
    "typed": (lambda: override(plan()).model_copy(update={"signed": None}), "here an override is signed"),
    "another run": (lambda: override(plan(), run="2026-11-22-0300-move-x9"), "it is about run"),
    "a real run": (lambda: override(plan(), exercise=False), "about a real run, and this is an exercise"),
    "another plan": (lambda: override(plan(), plan="0" * 64), "it is about plan 0000"),
    "another server": (lambda: override(plan(), args_digest="0" * 64), "other arguments than the plan's"),
    "another step": (lambda: override(plan(), step="promote"), "something else than what was signed"),
    "a smaller loss beside it": (
        lambda: override(plan()).model_copy(update={"lost_writes": 0}),
        "something else than what was signed",
    ),
    "another giver beside it": (
        lambda: override(plan()).model_copy(update={"by": "erik"}),
        "something else than what was signed",
    ),
    "another's key": (lambda: override(plan(), key=KEYS["erik"]), "bo"),
    "somebody who may not": (lambda: override(plan(), "anna"), "anna is not incident-commander"),
    "no statement at all": (
        lambda: override(plan()).model_copy(
            update={"signed": override(plan()).signed.model_copy(update={"statement": "{}"})}  # type: ignore[union-attr]
        ),
        "no override that this version knows",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_whatever_else_it_is_it_does_not_count(tmp_path, case):
    make, why = WRONG[case]
    found = why_not(tmp_path, make())
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    "later", [OVERRIDE_LASTS + timedelta(seconds=1), -OVERRIDE_LASTS - timedelta(seconds=1)]
)
def test_one_that_was_not_signed_just_now_does_not_count(tmp_path, later):
    assert why_not(tmp_path, override(plan()), later=later) == "it was not signed just now"


def test_two_people_have_two_keys(tmp_path):
    before = override(plan(), "erik", key=KEYS["bo"])
    assert "two people have two keys" in str(why_not(tmp_path, override(plan()), before=before))


def test_none_counts_where_nobody_can_judge_it():
    of = plan()
    assert NoTrustHere().why_override_does_not_count(override(of), State(of), MIDNIGHT) == NO_TRUST
