"""A simulated world, hands and power: whole incidents in milliseconds, on a clock that only the simulation moves.

What the core asks of a journal, an inbox and hands, these do as the real ones; tests/seawall/contracts.py holds both to
it. They record and never judge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from seawall.actions import Action, Effect, Occasion, Proof, Seen, World
from seawall.attempt import CallToMake, Ending
from seawall.decide import Way
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.hands import ending_of
from seawall.journal import (
    FIRST,
    AbortAsked,
    Answered,
    Approved,
    Asked,
    Event,
    Word,
    events_of,
    line_for,
    read_lines,
)
from seawall.model import Frozen
from seawall.predicates import judged, stops
from seawall.state import State

MIDNIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class PowerCut(BaseException):
    """The process is gone, between two instructions. No Exception: nothing may catch it."""


class SimulatedClock:
    def __init__(self) -> None:
        self.now = MIDNIGHT

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class SimulatedPower:
    """Lets the power go after so many instants: the first life lasts `lives[0]` of them, the next `lives[1]` ..."""

    def __init__(self, lives: Sequence[int] = ()) -> None:
        self._lives = list(lives)

    def instant(self) -> None:
        if self._lives:
            if self._lives[0] <= 0:
                del self._lives[0]
                raise PowerCut
            self._lives[0] -= 1


class SimulatedDisk:
    """What a journal's file holds; it outlives the process."""

    def __init__(self) -> None:
        self.content = b""

    def events(self) -> list[Event]:
        lines, _ = read_lines(self.content, "disk")
        return list(events_of(lines, "disk"))


class MemoryJournal:
    """A journal on a simulated disk. The power may go before a write, with a part of it made, and after it."""

    def __init__(self, disk: SimulatedDisk | None = None, power: SimulatedPower | None = None) -> None:
        self._disk, self._power = disk or SimulatedDisk(), power or SimulatedPower()
        lines, whole = read_lines(self._disk.content, "memory")
        self._disk.content = self._disk.content[:whole]
        self._head, self._count = (lines[-1].hash if lines else FIRST), len(lines)
        self._events = list(events_of(lines, "memory"))

    def append(self, events: Sequence[Event]) -> None:
        self._power.instant()
        content = b""
        for event in events:
            line = line_for(event, n=self._count + 1, prev=self._head)
            self._head, self._count = line.hash, self._count + 1
            content += line.model_dump_json().encode() + b"\n"
        for part in (len(content) // 3, 2 * len(content) // 3):
            self._until_the_power_goes(content[:part])
        self._disk.content += content
        self._events.extend(events)
        self._power.instant()

    def events(self) -> Iterable[Event]:
        return tuple(self._events)

    def _until_the_power_goes(self, written: bytes) -> None:
        try:
            self._power.instant()
        except PowerCut:
            self._disk.content += written
            raise


@dataclass(frozen=True)
class Behaviour:
    """How one call goes.

    Attributes:
        takes: seconds until its ending comes; None: never.
        acts_after: seconds until the change is in the world; None: never. May be long after the ending came.
        ends: `well`; `refused`: certainly nothing was done; `silent`: nobody can tell; `bug`: the connector breaks.
        blind: of a look: it cannot tell.
        already: of a call with `unless`: whether it was so already when the call began.
    """

    takes: float | None = 1.0
    acts_after: float | None = 0.5
    ends: Literal["well", "refused", "silent", "bug"] = "well"
    blind: bool = False
    already: bool | None = None


class Target(Frozen):
    step: str


class Looked(Seen):
    number: int | None = 7
    word: str = "fine"


class IsThere(Proof):
    def stand_in(self) -> Seen:
        return Looked(word="said by the proof")


@dataclass
class SimulatedWorld:
    """What is out there: changes come into it when they act, whoever has died meanwhile.

    Attributes:
        behaviours: by step and way, for one attempt after another; the last one, or a plain one, for all further.
        made: every change that came into the world, in order, and when; `taken_back` likewise.
        calls: every call begun.
        facts: what can be read of the world; what is not in here cannot be. `facts_read` were.
    """

    clock: SimulatedClock = field(default_factory=SimulatedClock)
    behaviours: Mapping[tuple[str, Way], Sequence[Behaviour]] = field(default_factory=dict)
    made: list[tuple[str, datetime]] = field(default_factory=list)
    taken_back: list[tuple[str, datetime]] = field(default_factory=list)
    calls: list[CallToMake] = field(default_factory=list)
    facts: dict[str, int | None] = field(default_factory=dict)
    facts_read: list[str] = field(default_factory=list)
    _coming: list[tuple[datetime, int, str, Way]] = field(default_factory=list)
    _count: Counter[tuple[str, Way]] = field(default_factory=Counter)
    _now: Behaviour = field(default_factory=Behaviour)

    def begin(self, making: CallToMake) -> Behaviour:
        """Have a call on its way; its change will come, whether or not anybody waits for it."""
        step, way = making.call.step, making.call.way
        self.calls.append(making)
        key = (step.id, way)
        known = self.behaviours.get(key, ())
        behaviour = known[min(self._count[key], len(known) - 1)] if known else Behaviour()
        self._count[key] += 1
        if way is Way.ACT and step.unless is not None:
            already = self.holds(step.id)
            behaviour = replace(
                behaviour, already=already, acts_after=None if already else behaviour.acts_after
            )
        if any(stops(one, judged(one, self._look_at(one.fact))) for one in making.call.looks):
            behaviour = replace(behaviour, acts_after=None)  # the call will see that, and not act
        if behaviour.acts_after is not None and way is not Way.PROVE and (step.changes or way is Way.UNDO):
            at = self.clock.now + timedelta(seconds=behaviour.acts_after)
            self._coming.append((at, len(self.calls), step.id, way))
        return behaviour

    def turn(self) -> None:
        """Let everything happen that has come due."""
        for at, n, step, way in sorted(self._coming):
            if at <= self.clock.now:
                self._coming.remove((at, n, step, way))
                (self.made if way is Way.ACT else self.taken_back).append((step, at))

    def wear_out(self) -> None:
        """Let everything happen that ever will."""
        self.clock.advance(100_000)
        self.turn()

    def holds(self, step: str) -> bool:
        self.turn()
        return self.times_made(step) > sum(name == step for name, _ in self.taken_back)

    def times_made(self, step: str) -> int:
        return sum(name == step for name, _ in self.made)

    def settled(self, step: str) -> bool:
        """Whether nothing of the step is still on its way."""
        return all(name != step for _, _, name, _ in self._coming)

    def ending(self, making: CallToMake, behaviour: Behaviour, clock: Callable[[], datetime]) -> Ending:
        """Make the ending that the call has, by the product's own way of making calls."""
        self._now = behaviour
        return ending_of(making, self.world, clock)

    @property
    def world(self) -> World:
        """The actions at hand in it."""
        return World(self)

    def actions(self) -> Sequence[Action[Any, Any]]:
        return (
            Action("sim.read", Effect.READS, Target, Looked, self._call, "Look"),
            Action("sim.change", Effect.CHANGES, Target, Looked, self._call, "Change"),
            Action("sim.undo", Effect.CHANGES, Target, Looked, self._call, "Take back"),
            Action("sim.is-there", Effect.READS, Target, IsThere, self._is_there, "Tell whether it is there"),
            Action("sim.fact", Effect.READS, Target, Looked, self._fact, "Tell a fact of the world"),
        )

    def close(self) -> None:
        """Nothing to let go of."""

    def _look_at(self, fact: str) -> Looked | None:
        return Looked(number=self.facts[fact]) if fact in self.facts else None

    def _fact(self, args: Target, _occasion: Occasion) -> Looked:
        self.facts_read.append(args.step)
        seen = self._look_at(args.step)
        if seen is None:
            raise Unreachable("no answer", where=args.step, remedy="See that it stands")
        return seen

    def _call(self, args: Target, _occasion: Occasion) -> Looked:
        match self._now.ends:
            case "refused":
                raise DidNothing("it says no", where=args.step, remedy="Ask otherwise")
            case "silent":
                raise MayHaveActed("no answer", where=args.step, remedy="Look")
            case "bug":
                raise ZeroDivisionError
        return Looked()

    def _is_there(self, args: Target, occasion: Occasion) -> IsThere:
        if self._now.already is not None:
            return IsThere(holds=self._now.already, because="seen before the call")
        self._call(args, occasion)
        if self._now.blind:
            return IsThere(holds=None, because="nobody can tell")
        there = self.holds(args.step)
        return IsThere(holds=there, because="it is there" if there else "it is not there")


class SimulatedHands:
    """Hands of a process in the simulated world. When the process dies they are dropped; what they began goes on."""

    def __init__(
        self, world: SimulatedWorld, power: SimulatedPower | None = None, *, idle: float | None = None
    ) -> None:
        self._world, self._power, self._idle = world, power or SimulatedPower(), idle
        self._coming: list[tuple[datetime, int, Callable[[], Ending]]] = []
        self._under_way: Counter[str] = Counter()
        self.at_most: dict[str, int] = defaultdict(int)
        """The most calls that were under way at once: by lane, and in all as `""`."""

    def start(self, making: CallToMake) -> None:
        self._power.instant()
        behaviour = self._world.begin(making)
        lanes = ("", *making.call.step.lanes)
        for lane in lanes:
            self._under_way[lane] += 1
            self.at_most[lane] = max(self.at_most[lane], self._under_way[lane])
        self._power.instant()
        if behaviour.takes is None:
            return
        due = self._world.clock.now + timedelta(seconds=behaviour.takes)
        if making.call.way is Way.PROVE:
            # A look sees what is there when it begins, and tells of it later.
            ending = self._looked_at(making, behaviour, due)
            self._coming.append((due, len(self._world.calls), lambda: ending))
        else:
            self._coming.append(
                (
                    due,
                    len(self._world.calls),
                    lambda: self._world.ending(making, behaviour, self._world.clock),
                )
            )

    def next(self, within: timedelta) -> Ending | None:
        self._power.instant()
        clock = self._world.clock
        coming = min(self._coming, key=lambda one: one[:2], default=None)
        if coming is not None and coming[0] <= clock.now + within:
            self._coming.remove(coming)
            clock.now = max(clock.now, coming[0])
            self._world.turn()
            ending = coming[2]()
            for lane in ("", *self._lanes_of(ending.step)):
                self._under_way[lane] -= 1
            self._power.instant()
            return ending
        # Idle, a simulated process may oversleep, so that half an hour's wait costs few rounds.
        slept = max(within, timedelta(seconds=self._idle or 0))
        clock.now = min(clock.now + slept, coming[0]) if coming is not None else clock.now + slept
        self._world.turn()
        return None

    def _looked_at(self, making: CallToMake, behaviour: Behaviour, due: datetime) -> Ending:
        begun = self._world.clock.now
        asked = 0

        def clock() -> datetime:
            nonlocal asked
            asked += 1
            return begun if asked <= 2 else due  # hands and attempt ask before the look

        return self._world.ending(making, behaviour, clock)

    def _lanes_of(self, step: str) -> tuple[str, ...]:
        return next(one.call.step.lanes for one in self._world.calls if one.call.step.id == step)


class MemoryInbox:
    """One life's look into what was said. A word is put away when the driver comes back for more, as from a file.

    Attributes:
        speak: asked for more words whenever the driver looks.
        refused: what did not count, and why.
    """

    def __init__(self, words: list[Word] | None = None, speak: Callable[[], Iterable[Word]] = tuple) -> None:
        self._words = [] if words is None else words
        self._given = 0
        self._speak = speak
        self.refused: list[tuple[Word, str]] = []

    def put(self, word: Word) -> None:
        self._words.append(word)

    def take(self) -> Sequence[Word]:
        del self._words[: self._given]
        self._words += self._speak()
        self._given = len(self._words)
        return tuple(self._words)

    def refuse(self, word: Word, why: str) -> None:
        self.refused.append((word, why))
        self._words.remove(word)
        self._given -= 1


class SimulatedPeople:
    """People who watch the run and answer what is asked, truthfully, as soon as they can tell; or who sleep.

    Attributes:
        approve: what they say to an approval: yes, no, or nothing.
        awake: whether they answer anything at all.
        abort: seconds after the start when somebody says stop, and whether to take it all back.
    """

    def __init__(
        self,
        world: SimulatedWorld,
        *,
        awake: bool = True,
        approve: Literal["yes", "no"] = "yes",
        abort: tuple[float, bool] | None = None,
    ) -> None:
        self._world, self.awake, self.approve = world, awake, approve
        self._asked: list[Asked] = []
        self._abort = abort
        self._words: list[Word] = []

    def watch(self, event: Event, _state: State) -> None:
        if isinstance(event, Asked):
            self._asked.append(event)

    def inbox(self) -> MemoryInbox:
        """Return the inbox for one life of the run."""
        return MemoryInbox(self._words, self._speak)

    def _speak(self) -> Sequence[Word]:
        now, words = self._world.clock.now, list[Word]()
        if self._abort is not None and now >= MIDNIGHT + timedelta(seconds=self._abort[0]):
            words.append(AbortAsked(at=now, by="carl", why="enough", undo=self._abort[1]))
            self._abort = None
        if self.awake:
            for asked in [one for one in self._asked if self._can_tell(one)]:
                self._asked.remove(asked)
                words += self._answers(asked, now)
        return words

    def _can_tell(self, asked: Asked) -> bool:
        return not asked.what.endswith("doubt") or self._world.settled(asked.step)

    def _answers(self, asked: Asked, now: datetime) -> list[Word]:
        match asked.what:
            case "approval" if self.approve == "yes":
                return [Approved(at=now, step=asked.step, by=by, how="typed") for by in ("anna", "bo")]
            case "approval":
                return [Answered(at=now, step=asked.step, by="anna", answer="no")]
            case "person":
                if not self._world.holds(asked.step):
                    self._world.made.append((asked.step, now))
                return [Answered(at=now, step=asked.step, by="dora", answer="happened")]
        there = self._world.holds(asked.step) is (asked.what == "doubt")
        answer: Literal["happened", "did-not-happen"] = "happened" if there else "did-not-happen"
        return [Answered(at=now, step=asked.step, by="erik", answer=answer)]
