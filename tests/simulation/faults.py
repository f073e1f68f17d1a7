"""What can go wrong in a story, as data: drawn from the seed before it begins, so that any of it can be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tests.simulation.dice import Dice

PLACES = ("north", "south", "witness")
Of = Literal["host", "change", "store"]
"""Which exchanges are counted: all with the city's hosts, those of them that change something, or those with stores."""
Who = Literal["approval", "person", "doubt"]


@dataclass(frozen=True, slots=True)
class Crash:
    """The `life`-th process that carries a run dies at its `instant`-th instant between two effects."""

    life: int
    instant: int


@dataclass(frozen=True, slots=True)
class Hang:
    """Every process at a place is held up, and then goes on as if nothing had been."""

    place: str
    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The connection for the `exchange`-th thing that is asked over the network cannot be made."""

    exchange: int
    of: Of = "host"


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """It is done, and the answer is lost."""

    exchange: int
    of: Of = "host"


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """It is done only after the answer was given up, `share` of the way to where the remote side is ended."""

    exchange: int
    share: float
    of: Of = "host"


@dataclass(frozen=True, slots=True)
class Partition:
    """Two places do not reach each other."""

    one: str
    other: str
    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class Split:
    """No place reaches another: each has its own store to itself."""

    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A place's wall clocks are set by so many seconds."""

    place: str
    at: float
    by: float


@dataclass(frozen=True, slots=True)
class DiskFull:
    """The disk of a place's orchestrator takes nothing from the `write`-th write on, for a while."""

    write: int
    lasts: float


@dataclass(frozen=True, slots=True)
class SecondOperator:
    """Another operator, at another place, wants the same at the same time: starts it too, or takes the run up."""

    place: str
    at: float
    does: Literal["start", "resume"]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Whoever is asked this says nothing, the first `times` times."""

    who: Who
    times: int


@dataclass(frozen=True, slots=True)
class LatePerson:
    """Whoever is asked this takes so many seconds."""

    who: Who
    takes: float


@dataclass(frozen=True, slots=True)
class WrongPerson:
    """Whoever is asked this says the opposite of what is so, or says no."""

    who: Who


@dataclass(frozen=True, slots=True)
class BadYes:
    """Where there is a trust root, a yes that must not count is there before the one that does."""

    how: Literal["typed", "stranger", "other step", "own"]


@dataclass(frozen=True, slots=True)
class Override:
    """When the run has failed for want of evidence, so many people would go on without it, one after the other."""

    people: int
    after: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Somebody at a place freezes what runs by itself, and lifts that later."""

    place: str
    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class ByItself:
    """The same is due by itself at a place."""

    place: str
    at: float


@dataclass(frozen=True, slots=True)
class Abort:
    """Somebody says stop, and perhaps that it is to be taken back."""

    at: float
    undo: bool


@dataclass(frozen=True, slots=True)
class StartedByHand:
    """Somebody at the old site starts its database by hand, as the primary it was, so long after it was stopped."""

    after: float


@dataclass(frozen=True, slots=True)
class GuardHeld:
    """The guard of the old primary's lease stands still, and then goes on as if nothing had been."""

    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class GuardKilled:
    """The guard of the old primary's lease dies."""

    at: float


@dataclass(frozen=True, slots=True)
class MachineLost:
    """The machine that began the run is lost at an instant of its; the run is taken up elsewhere, from its copies."""

    instant: int
    place: str


Fault = (
    Crash
    | Hang
    | Refused
    | LostAnswer
    | LateAnswer
    | Partition
    | Split
    | ClockJump
    | DiskFull
    | SecondOperator
    | NoAnswer
    | LatePerson
    | WrongPerson
    | BadYes
    | Override
    | Freeze
    | ByItself
    | Abort
    | StartedByHand
    | GuardHeld
    | GuardKilled
    | MachineLost
)

FAULTS: tuple[type[Fault], ...] = get_args(Fault)
COUNTED: tuple[tuple[Of, int], ...] = (("host", 45), ("change", 9), ("change", 5), ("store", 150))
"""Which exchanges, and how many of them there are in a story, about."""
SPLITS, OVERRIDES, BAD_YESES, BY_ITSELF = 0.03, 0.1, 0.05, 0.06
"""In so many of all stories."""
MOST = 5
"""Faults in one story: more hide one another."""


def drawn(dice: Dice) -> tuple[Fault, ...]:
    """Draw the faults of a story."""
    found = [_one(dice) for _ in range(dice.whole(0, MOST, "how many faults"))]
    if dice.chance(SPLITS, "split"):
        found.append(
            Split(round(dice.between(0, 15, "split"), 2), round(1 + 300 * dice.throw("split") ** 2, 2))
        )
    if dice.chance(OVERRIDES, "override"):
        found.append(Override(dice.whole(1, 2, "override"), round(dice.between(1, 120, "override"), 2)))
    if dice.chance(BAD_YESES, "bad yes"):
        found.append(BadYes(dice.one_of(("typed", "stranger", "other step", "own"), "bad yes")))
    if dice.chance(BY_ITSELF, "by itself"):
        found.append(
            ByItself(dice.one_of(PLACES[1:], "by itself"), round(dice.between(2, 60, "by itself"), 2))
        )
        if dice.chance(0.7, "freeze"):
            found.append(
                Freeze(
                    dice.one_of(PLACES, "freeze"),
                    round(dice.between(0, 30, "freeze"), 2),
                    round(dice.between(1, 60, "freeze"), 2),
                )
            )
    return tuple(found)


def _one(dice: Dice) -> Fault:  # noqa: PLR0911, PLR0912 - one kind, one return
    def whole(low: int, high: int) -> int:
        return dice.whole(low, high, "fault")

    def between(low: float, high: float) -> float:
        return round(dice.between(low, high, "fault"), 2)

    def short(high: float) -> float:
        """Mostly short, sometimes long."""
        return round(0.1 + high * dice.throw("fault") ** 3, 2)

    match whole(0, 24):
        case 0 | 1 | 2 | 3 | 4:
            return Crash(whole(1, 3), whole(1, 60) if whole(0, 1) else whole(1, 600))
        case 5:
            return Hang("south", between(5, 20), short(120))
        case 6:
            return Refused(whole(1, 45)) if whole(0, 1) else Refused(whole(1, 150), "store")
        case 7 | 8:
            of, most = dice.one_of(COUNTED, "fault")
            return LostAnswer(whole(1, most), of)
        case 9 | 10:
            of, most = dice.one_of(COUNTED, "fault")
            return LateAnswer(whole(1, most), between(0, 1), of)
        case 11 | 12:
            one, other = dice.one_of(
                (("north", "south"), ("north", "witness"), ("south", "witness")), "fault"
            )
            return Partition(one, other, between(0, 25), short(200))
        case 13:
            return ClockJump(
                dice.one_of(PLACES[1:], "fault"), between(5, 40), round(between(-1, 1) * short(3600), 2)
            )
        case 14:
            return DiskFull(whole(1, 25), short(120))
        case 15:
            return SecondOperator(
                dice.one_of(PLACES[1:], "fault"), short(20), dice.one_of(("start", "resume"), "fault")
            )
        case 16:
            return NoAnswer(dice.one_of(("approval", "doubt"), "fault"), whole(1, 3))
        case 17:
            return LatePerson(dice.one_of(("approval", "doubt"), "fault"), short(300))
        case 18:
            return WrongPerson(dice.one_of(("approval", "doubt"), "fault"))
        case 19:
            return StartedByHand(short(10))
        case 20 | 21:
            return Abort(between(5, 18), dice.chance(0.7, "fault"))
        case 22:
            return GuardHeld(between(0, 30), short(120)) if whole(0, 1) else GuardKilled(between(0, 30))
        case _:
            return MachineLost(whole(10, 600), "witness")


def at_exchanges(faults: Sequence[Fault]) -> dict[tuple[Of, int], Refused | LostAnswer | LateAnswer]:
    """Return what befalls exchanges, by their kind and number; of two at the same one the first."""
    kinds = Refused | LostAnswer | LateAnswer
    return {(one.of, one.exchange): one for one in reversed(faults) if isinstance(one, kinds)}


def told(fault: object) -> str:
    """Say a fault on one line."""
    words = ", ".join(f"{name} {getattr(fault, name)}" for name in fault.__dataclass_fields__)  # type: ignore[attr-defined]
    return f"{type(fault).__name__}: {words}"
