"""A paper is typed in by somebody: where yeses are signed they sign each line, and a yes on it stays unverified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import BadInput
from seawall.journal import ByHand
from seawall.judging import NO_TRUST, NoTrustHere
from seawall.plan import Approval, Plan
from seawall.signed_words import PaperStatement, paper_of
from seawall.state import State
from seawall.statements import signed
from seawall.typed_in import Result, type_in
from tests.fakes import MIDNIGHT, MemoryJournal
from tests.seawall.keys import Key
from tests.seawall.plans import a_change, a_plan
from tests.seawall.test_judging import KEYS, OTHER, RUN, city, judge, opened

LATER = MIDNIGHT + timedelta(minutes=5)
Sign = Callable[[ByHand], ByHand]


def plan(**more: Any) -> Plan:
    return a_plan(
        a_change("fence", approve=Approval(by="incident-commander", people=1, within=timedelta(1), **more))
    )


def signing(
    of: Plan, *, run: str = RUN, key: Key = KEYS["dora"], beside: dict[str, Any] | None = None, **changed: Any
) -> Sign:
    """Sign each line as dora, but for what is changed in the statement, or `beside` it."""

    def sign(event: ByHand) -> ByHand:
        said: PaperStatement = paper_of(event, of, run=run).model_copy(update=changed)
        return event.model_copy(update={"signed": signed(said, "seawall-paper", key)} | (beside or {}))

    return sign


def typed(of: Plan, sign: Sign | None, *, gate: Any = None, by: str = "anna", yes: str = "bo") -> State:
    journal = MemoryJournal()
    journal.append([opened(of, by)])
    line = Result("paper:1", "fence", "done", MIDNIGHT + timedelta(minutes=2), "carl", (yes,))
    gate = gate or judge(Path("/nowhere"))
    return type_in(journal, of, [line], city(), by="dora", now=LATER, sign=sign, gate=gate)


def test_a_line_that_its_typist_signed_counts_and_its_yes_is_no_signature():
    of = plan()
    one = typed(of, signing(of)).steps["fence"]
    assert one.by_hand is not None
    assert one.by_hand.signed is not None
    assert "bo" in one.approved_by
    assert not one.yeses


WRONG: dict[str, tuple[Callable[[Plan], Sign | None], str]] = {
    "unsigned": (lambda of: None, "typed in by nobody who signs for it"),
    "another run": (lambda of: signing(of, run=OTHER), "it is about run"),
    "another plan": (lambda of: signing(of, plan="0" * 64), "it is about plan"),
    "other arguments": (lambda of: signing(of, args_digest="0" * 64), "other arguments than the plan's"),
    "another yes": (lambda of: signing(of, approved_by=("erik",)), "something else than what was signed"),
    "another time": (
        lambda of: signing(of, beside={"when": MIDNIGHT}),
        "something else than what was signed",
    ),
    "another's key": (lambda of: signing(of, key=KEYS["bo"]), "it is the key of bo, and not of dora"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_line_that_does_not_count_is_named_and_nothing_is_written(case: str):
    of = plan()
    make, words = WRONG[case]
    with pytest.raises(BadInput) as refused:
        typed(of, make(of))
    (mistake,) = refused.value.mistakes
    assert mistake.where == "paper:1"
    assert words in mistake.problem
    assert "--key FILE" in mistake.remedy


def test_a_host_that_cannot_check_signatures_takes_no_paper_of_a_run_of_signed_yeses():
    of = plan()
    with pytest.raises(BadInput, match="no trust root") as refused:
        typed(of, signing(of), gate=NoTrustHere())
    assert NO_TRUST in refused.value.problem


def test_who_asked_for_the_run_says_no_yes_on_a_paper_either_unless_the_runbook_says_so():
    for may in (False, True):
        of = plan(requester_may=may)
        if may:
            assert typed(of, signing(of), by="bo").steps["fence"].by_hand is not None
        else:
            with pytest.raises(BadInput, match="the paper names bo"):
                typed(of, signing(of), by="bo")


def test_a_runbook_may_take_no_yes_from_a_paper():
    of = plan(paper="no")
    with pytest.raises(BadInput, match="takes no yes from a paper"):
        typed(of, signing(of))
