"""The engine with one guard taken away. The simulation must find each; if it does not, it proves nothing.

A mutant is a clearly broken twin of one function, put in its place while stories are told. Nothing of the product
knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.postgres.opening import Openings
from seawall import claims_at_places, freezing, lease, slots, state
from seawall.actions import Deadline
from seawall.drive import _Driver
from seawall.evidence import Fenced, LeaseExpired
from seawall.expiring import Leases, Revoked
from seawall.journal import AbortAsked, Event, Overridden, Started, Word
from seawall.journal_file import FileJournal
from seawall.judging import Judge
from seawall.overriding import overridden
from seawall.places import Answer, Places
from seawall.resting import Ground
from seawall.state import State
from seawall.step_state import Stand, StepState
from seawall.targets import Server
from seawall.terms import Term
from tests.simulation import run
from tests.simulation.faults import (
    Abort,
    BadYes,
    ByItself,
    ClockJump,
    Crash,
    Fault,
    Freeze,
    LateAnswer,
    Override,
    Partition,
    SecondOperator,
    Split,
    StartedByHand,
)
from tests.simulation.setting import Setting

_APPEND = FileJournal.append
_ASK = Places.ask
_OVERRIDDEN = overridden


def started_is_written_after(self: FileJournal, events: Sequence[Event]) -> None:
    """Put the beginning of a call on the disk only with what comes after it."""
    held_back: list[Event] = self.__dict__.setdefault("held_back", [])
    begun = [one for one in events if isinstance(one, Started)]
    if came := [one for one in events if one not in begun]:
        _APPEND(self, [*held_back, *came])
        held_back.clear()
    held_back += begun


def any_evidence_will_do(_self: Openings, *_args: Any) -> None:
    """Open a promotion whatever the evidence says."""


def nothing_may_still_come(*_args: Any) -> bool:
    """Believe a proof while the attempt may still act."""
    return False


def forgets_what_was_under_way(self: State) -> None:
    """Take a run up as if what was under way had never begun."""
    for name in list(self.under_way):
        one = self.steps[name]
        del self.under_way[name]
        one.stand = Stand.WAITING
        self._ready(one)


def hears_again(self: _Driver, words: Sequence[Word]) -> None:
    """Write every word down whenever it is delivered."""
    for word in words:
        if isinstance(word, AbortAsked) or word.step in self._state.steps:
            self._note([word])


def bears_nothing(_self: Ground, _step: str) -> None:
    """Take anything back, whatever stands on it."""


def goes_by_the_wall(now: Callable[[], Any]) -> Callable[[], Any]:
    """Let a run go by the machine's wall clock."""
    return now


def takes_without_looking(*_args: Any) -> slots.Taken:
    """Take a lock without looking whose it is."""
    return slots.Mine()


def at_once(self: Leases, server: Server, revoked: Revoked, _deadline: Deadline) -> Fenced:
    """Say that a lease was waited out as soon as it is revoked."""
    found = self._evidence(server, revoked, self.held_by(server, revoked.decided))
    assert isinstance(found.evidence, LeaseExpired)
    waited = found.evidence.term + found.evidence.drift
    return found.model_copy(update={"evidence": found.evidence.model_copy(update={"waited": waited})})


def always_renewed(self: lease.Hold, asked: float, **_more: Any) -> bool:
    """Renew a lease without looking whether anybody has revoked it."""
    self.until = asked + self.terms.term
    return True


def hears_those_that_answer(self: Places, *args: Any, **more: Any) -> Iterator[Answer[Any]]:
    """Ask every place, and call the greater part of those that answer a majority."""
    answers = list(_ASK(self, *args, **more))
    self.majority = sum(one.silent is None for one in answers) // 2 + 1
    yield from answers


def taken_from_those_that_answer(self: slots.Taking, puts: list[slots.Put]) -> bool:
    """Take a slot where the greater part of those that answer holds our content."""
    for name in self._places:
        self._send(name, self._content, puts)
    if not self._awaits_answers:
        stands = list(self._stands.values())
        if stands.count(self._content) * 2 > len(stands):
            self.outcome = slots.Mine()
        else:
            other = next((one for one in stands if one != self._content), None)
            self.outcome = slots.Unclear(()) if other is None else slots.Theirs(other)
    return False


def covers_everything(self: Term, _limit: timedelta) -> bool:
    """Begin a change without looking how much of the term is left."""
    self.check()
    return True


def any_yes_counts(*_args: Any) -> str | None:
    """Let every yes count, whoever signed it, or nobody."""
    return None


def one_is_enough(one: StepState, word: Overridden) -> dict[str, Any] | None:
    """Count one person's override as that of two."""
    return _OVERRIDDEN(one, word) or _OVERRIDDEN(one, word.model_copy(update={"by": f"{word.by}, once more"}))


def asks_nobody_about_a_freeze(*_args: Any) -> None:
    """Let what is due by itself begin, whatever was frozen."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A guard taken away.

    Attributes:
        where: the owner of a name, and the name.
        twin: what stands there instead.
        needs: the kinds of faults without which it could not show.
        breaks: words of the sentence by which it is found.
        at_places: whether it shows only where the city has its three places.
        fails_back: whether it is to be found on the way home after a failover.
        incident: without which it could not show either.
        within: so many stories with those faults may be told before it is found.
        beside: more names of the same owner, or another, with what stands there instead.
    """

    name: str
    where: tuple[Any, str]
    twin: Any
    needs: tuple[type[Fault], ...]
    breaks: str
    at_places: bool = False
    fails_back: bool = False
    incident: str | None = None
    within: int = 300
    beside: tuple[tuple[Any, str, Any], ...] = ()

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Have it in the engine's place."""
        those = ((*self.where, self.twin), *self.beside)
        were = [(owner, name, vars(owner)[name]) for owner, name, _ in those]
        for owner, name, twin in those:
            setattr(owner, name, twin)
        try:
            yield
        finally:
            for owner, name, was in were:
                setattr(owner, name, was)

    def settings(self) -> Iterator[Setting]:
        """Draw the settings in which it could show, from the first seed on."""
        seed = found = 0
        while found < self.within:
            setting = Setting.drawn(seed)
            kinds = {type(one) for one in setting.faults}
            fits = self.incident in (None, setting.incident.kind) and setting.has_places >= self.at_places
            fits = fits and setting.fails_back >= self.fails_back
            if fits and kinds.issuperset(self.needs):
                found += 1
                yield setting
            seed += 1


MUTANTS = (
    Mutant(
        "started-is-written-after-the-call",
        (FileJournal, "append"),
        started_is_written_after,
        (Crash,),
        "twice",
    ),
    Mutant(
        "evidence-is-not-checked", (Openings, "check"), any_evidence_will_do, (StartedByHand,), "did not hold"
    ),
    Mutant(
        "a-proof-is-believed-while-the-attempt-may-act",
        (StepState, "may_still_come"),
        nothing_may_still_come,
        (LateAnswer,),
        "twice",
    ),
    Mutant(
        "resuming-forgets-what-was-under-way",
        (State, "_lose_what_was_under_way"),
        forgets_what_was_under_way,
        (Crash,),
        "twice",
    ),
    Mutant("a-word-is-heard-twice", (_Driver, "_hear"), hears_again, (Crash,), "was heard"),
    Mutant(
        "a-fence-is-undone-under-a-promotion", (Ground, "bears"), bears_nothing, (Abort,), "taken back under"
    ),
    Mutant(
        "the-run-goes-by-the-wall-clock", (run, "steady"), goes_by_the_wall, (ClockJump, LateAnswer), "twice"
    ),
    Mutant(
        "a-lock-without-a-token",
        (claims_at_places, "take_slot"),
        takes_without_looking,
        (SecondOperator,),
        "two runs at once",
        at_places=True,
    ),
    Mutant(
        "a-lease-is-not-waited-out",
        (Leases, "expired"),
        at_once,
        (),
        "did not hold",
        at_places=True,
        incident="cut off",
    ),
    Mutant(
        "a-guard-renews-without-looking",
        (lease.Hold, "renew"),
        always_renewed,
        (),
        "did not hold",
        at_places=True,
        incident="cut off",
    ),
    Mutant(
        "a-lease-is-renewed-by-a-majority-of-those-that-answer",
        (Places, "ask"),
        hears_those_that_answer,
        (),
        "did not hold",
        at_places=True,
        incident="cut off",
    ),
    Mutant(
        "a-lock-at-a-majority-of-those-that-answer",
        (Places, "ask"),
        hears_those_that_answer,
        (Split, SecondOperator),
        "two runs at once",
        at_places=True,
        beside=((slots.Taking, "_go_on", taken_from_those_that_answer),),
    ),
    Mutant(
        "the-term-is-not-looked-at-before-a-call",
        (Term, "covers"),
        covers_everything,
        (Partition,),
        "its term was over",
        at_places=True,
    ),
    Mutant(
        "a-yes-that-nobody-signed-counts",
        (Judge, "take"),
        any_yes_counts,
        (BadYes,),
        "opened by no signed yes",
    ),
    Mutant(
        "one-person-overrides",
        (state, "overridden"),
        one_is_enough,
        (Override,),
        "an override by one person",
    ),
    Mutant(
        "what-is-due-begins-under-a-freeze",
        (freezing, "check_thawed"),
        asks_nobody_about_a_freeze,
        (ByItself, Freeze),
        "began by itself",
    ),
    Mutant(
        "what-a-silent-place-says-of-a-freeze-is-no",
        (freezing.Standing, "holds_still"),
        property(lambda standing: bool(standing.freezes)),
        (ByItself, Freeze),
        "began by itself",
        at_places=True,
    ),
    Mutant(
        "a-return-goes-by-any-evidence",
        (Openings, "check"),
        any_evidence_will_do,
        (StartedByHand,),
        "did not hold",
        fails_back=True,
    ),
)
