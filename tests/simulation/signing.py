"""Stories with a trust root: people's keys, what they sign, and the judge who knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from seawall.journal import Answered, Approved, Overridden
from seawall.judging import Judge, word_of
from seawall.places import Places
from seawall.plan import Plan
from seawall.signed import Signed
from seawall.signed_words import statement_of
from seawall.signers import Signers, parse_signers
from seawall.state import State
from seawall.statements import override_of, request_for, signed, yes_to
from tests.seawall.keys import Key, ed25519_key
from tests.simulation import city

REQUESTER, COMMANDER, DEPUTY, STRANGER = "duty-officer", "commander", "deputy-commander", "stranger"
"""Who asks for the first run, who may say yes, who stands in; and somebody who is nobody here."""
LASTS = timedelta(minutes=30)
How = Literal["typed", "stranger", "other step", "own"]
"""A yes that must not count: nobody signed it, somebody else did, it is about another step, the requester gave it."""


@cache
def _keys() -> dict[str, Key]:
    return {name: ed25519_key() for name in (REQUESTER, COMMANDER, DEPUTY, STRANGER)}


@cache
def _signers() -> Signers:
    lines = (
        f'{name} namespaces="seawall-*" {key.line}\n' for name, key in _keys().items() if name != STRANGER
    )
    return Signers(Path("trust of the story"), parse_signers("".join(lines), "a story"))


def judge(runs: Path, places: Places | None) -> Judge:
    """Return who judges on a machine."""
    return Judge(_signers(), city.inventory(has_places=places is not None), runs, places)


def request(plan: Plan, run: str, by: str, now: datetime) -> Signed | None:
    """Sign for a run as who opens it, when they have a key."""
    if by not in _keys():
        return None
    return signed(request_for(plan, run=run, requester=by, now=now), "seawall-request", _keys()[by])


@dataclass
class Pen:
    """What people sign of one run.

    Attributes:
        good: the yeses that were signed by who may, for the step they are about.
    """

    good: list[Approved] = field(default_factory=list)

    def yeses(self, state: State, step: str, now: datetime) -> list[Approved]:
        """Say yes as the commander; the deputy does too where nobody signed for the run itself."""
        assert state.opened is not None
        people = (COMMANDER,) if state.opened.request else (COMMANDER, DEPUTY)
        words = [self._yes(state, step, now, by, by) for by in people]
        self.good += words
        return words

    def bad_yes(self, state: State, step: str, now: datetime, how: How) -> Approved:
        """Make a yes that must not count."""
        match how:
            case "typed":
                return Approved(at=now, step=step, by=COMMANDER, how="typed")
            case "stranger":
                return self._yes(state, step, now, COMMANDER, STRANGER)
            case "own":
                return self._yes(state, step, now, REQUESTER, REQUESTER)
            case "other step":
                other = next(one.id for one in state.plan.steps if one.id != step)
                return self._yes(state, other, now, COMMANDER, COMMANDER).model_copy(update={"step": step})

    def answer(self, state: State, word: Answered) -> Answered:
        """Sign an answer."""
        assert state.opened is not None
        statement = statement_of(word, state.steps[word.step], state.plan, run=state.opened.run)
        return word.model_copy(update={"signed": signed(statement, statement.namespace, _keys()[word.by])})

    @staticmethod
    def override(state: State, word: Overridden) -> Overridden:
        """Sign an override."""
        assert state.opened is not None
        statement = override_of(
            state.plan,
            state.plan.by_id[word.step],
            run=state.opened.run,
            by=word.by,
            now=word.at,
            lost_writes=word.lost_writes,
            lost_seconds=word.lost_seconds,
            why=word.why,
        )
        return word.model_copy(update={"signed": signed(statement, "seawall-override", _keys()[word.by])})

    @staticmethod
    def _yes(state: State, step: str, now: datetime, by: str, key: str) -> Approved:
        assert state.opened is not None
        statement = yes_to(
            state.plan,
            state.plan.by_id[step],
            run=state.opened.run,
            requester=state.opened.by,
            by=by,
            now=now,
            lasts=LASTS,
        )
        return word_of(statement, signed(statement, statement.namespace, _keys()[key]))
