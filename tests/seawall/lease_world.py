"""Guards, a promoter and three places, simulated: every delay, loss, pause, cut and clock is drawn from a seed.

Each actor is a generator that asks places or sleeps; it is held while its machine is. What lets clients in is no actor:
it goes by its machine's clock alone, as the kernel does. `Rules` are the rules of the lease, one method each, so that a
test can take one away.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.lease import NEVER, Hold, Terms, Word, beginning, granting, revoking, safe_from
from seawall.slots import VOID, Mine, Taking, Theirs

PLACES = ("north", "south", "witness")
TERMS = Terms(term=10, drift=1, renew=2)
LONG = Terms(term=25, drift=3, renew=2)
FAST = 0.04
"""By how much a clock may run faster or slower: two that part by twice this in a term stay within its drift."""
ENDS = 150.0
STARTS = 20.0
HELD, ASLEEP = "held", "asleep"


@dataclass
class Sleep:
    seconds: float


@dataclass
class Ask:
    """Ask places; `enough` says when the answers heard are enough, otherwise all are waited for, up to `limit`."""

    calls: Mapping[str, Callable[[dict[Any, Any]], Any]]
    enough: Callable[[Mapping[str, Any]], bool] = lambda _answers: False
    limit: float = 1.0


Actor = Generator[Sleep | Ask, Any, Any]


@dataclass
class Machine:
    """A machine, its clock, and when it is held (its processes stopped) or asleep (its monotonic clock stands too)."""

    name: str
    boot: str
    rate: float
    zero: float
    pauses: list[tuple[float, float, str]] = field(default_factory=list)

    def boottime(self, now: float) -> float:
        return self.zero + now * self.rate

    def when(self, boottime: float) -> float:
        return (boottime - self.zero) / self.rate

    def asleep_before(self, now: float) -> float:
        return sum(min(end, now) - begin for begin, end, how in self.pauses if how == ASLEEP and begin < now)

    def runs_from(self, now: float) -> float:
        for begin, end, _ in self.pauses:
            if begin <= now < end:
                return end
        return now


class Path:
    """What lets a server's clients in. `spans` are the stretches of true time in which it did."""

    def __init__(self, machine: Machine, rules: Rules) -> None:
        self.machine, self.rules = machine, rules
        self.spans: list[tuple[float, float]] = []
        self._open: tuple[float, float] | None = None

    def until(self, now: float, end: float) -> None:
        """Let clients in until `end` by the machine's clock, whatever was said before."""
        self.stop(now)
        closes = self.rules.closes(self.machine, end)
        if closes > now:
            self._open = (now, closes)

    def stop(self, now: float) -> None:
        if self._open is not None:
            begun, ends = self._open
            self.spans.append((begun, min(ends, now)))
            self._open = None

    def admitting(self, until: float) -> list[tuple[float, float]]:
        """Return when it let clients in, less the time in which the machine was asleep."""
        self.stop(until)
        left = [span for span in self.spans if span[0] < span[1]]
        for begin, end, how in self.machine.pauses:
            if how == ASLEEP:
                left = [
                    piece
                    for a, b in left
                    for piece in ((a, min(b, begin)), (max(a, end), b))
                    if piece[0] < piece[1]
                ]
        return left


class Rules:
    """The rules, as they are."""

    majority = 2
    seals = True
    closes_first = True

    def clock(self, machine: Machine, now: float) -> float:
        return machine.boottime(now)

    def closes(self, machine: Machine, end: float) -> float:
        return machine.when(end)

    def counted_from(self, asked: float, answered: float) -> float:
        del answered
        return asked

    def told(self, computed: float, until: float, now: float) -> float:
        """What the path is told at `now`, of an end computed at `computed`."""
        del computed, now
        return until

    def begin(self, before: Word | None, guard: str, boot: str, terms: Terms) -> Word | None:
        return beginning(before, guard=guard, boot=boot, terms=terms)

    def revoking(self, before: Word | None) -> Word:
        return revoking(before, by="promoter", why="a drill", terms=TERMS)

    def safe_from(self, word: Word, began: float, decided: float) -> float:
        del began
        return safe_from(word, decided)

    def decided(self, outcome: Any) -> bool:
        return isinstance(outcome, Mine)


@dataclass
class Found:
    """How a simulated history went: who took writes when, and what was reached on the way."""

    taking: dict[str, list[tuple[float, float]]]
    promoted: float | None
    admitted: bool
    granted: bool

    @property
    def two_at_once(self) -> tuple[str, str] | None:
        spans = [(span, name) for name, of in self.taking.items() for span in of]
        for (a, b), one in spans:
            for (c, d), other in spans:
                if one < other and max(a, c) < min(b, d) - 1e-9:
                    return one, other
        return None


class History:
    """One history, from its seed."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.dice, self.rules = random.Random(seed), rules
        self.now, self._order = 0.0, 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self.kept: dict[str, dict[Any, Any]] = {name: {} for name in PLACES}
        self.cuts = self._cuts()
        # In some, the clocks part as far as they may, and people promote when the primary's machine is held.
        self.keen = self.dice.random() < 0.2
        self.promoted: float | None = None
        self.granted = False
        self.paths: dict[str, Path] = {}

    def run(self) -> Found:
        dice = self.dice
        north, here = self._machine("north"), self._machine("orchestrator")
        if self.keen:
            north.rate, here.rate = 1 - FAST, 1 + FAST
            north.pauses = [(begins := dice.uniform(5, 60), begins + dice.uniform(20, 40), HELD)]
        path = self.paths["north"] = Path(north, self.rules)
        terms = dice.choice([TERMS, TERMS, LONG])
        self._begin(north, self.guard(north, path, "g1", terms, ends=(ends := dice.uniform(5, ENDS))))
        self._begin(north, self._after(ends, self.guard(north, path, "g2", TERMS, ends=ENDS)))
        if dice.random() < 0.3:
            # Somebody started a copy of the machine: the same server, another boot.
            copy = self._machine("copy")
            self.paths["copy"] = Path(copy, self.rules)
            begins = dice.uniform(10, 60)
            self._begin(
                copy, self._after(begins, self.guard(copy, self.paths["copy"], "g3", TERMS, ends=ENDS))
            )
        self._begin(here, self.promoter(here, [begin for begin, _, _ in north.pauses]))
        while self._due and self.now < ENDS:
            self.now, _, go = heapq.heappop(self._due)
            go()
        taking = {name: one.admitting(ENDS) for name, one in self.paths.items()}
        admitted = any(taking.values())
        if self.promoted is not None:
            taking["south"] = [(self.promoted, ENDS)]
        return Found(taking, self.promoted, admitted, self.granted)

    # --- the actors

    def guard(self, machine: Machine, path: Path, name: str, terms: Terms, *, ends: float) -> Actor:
        rules, hold = self.rules, None
        if rules.closes_first:
            path.until(self.now, NEVER)
        while self.now < ends:
            if hold is None:
                hold = yield from self._take_up(machine, name, terms)
            if hold is not None:
                asked = rules.clock(machine, self.now)
                empty = yield from self._is_empty(hold.number + 1)
                asked = rules.counted_from(asked, rules.clock(machine, self.now))
                if hold.renew(asked, next_is_empty=empty):
                    computed = rules.clock(machine, self.now)
                    yield Sleep(self.dice.choice([0, 0, 0.01, 1]))
                    path.until(self.now, rules.told(computed, hold.until, rules.clock(machine, self.now)))
                elif empty is False:
                    hold = yield from self._find_out(machine, path, hold)
                if hold and (word := hold.alone(rules.clock(machine, self.now))):
                    hold = yield from self._say(machine, hold, word)
            yield Sleep(terms.renew)

    def promoter(self, machine: Machine, near: list[float]) -> Actor:
        rules, dice = self.rules, self.dice
        often = 1.0 if self.keen else 0.5
        begins = (
            dice.choice(near) + dice.uniform(-2, 1) if near and dice.random() < often else dice.uniform(0, 80)
        )
        yield Sleep(max(0.0, begins))
        evidence: tuple[int, Word] | None = None
        while self.now < ENDS - STARTS:
            if evidence is None or dice.random() < 0.5:
                began = rules.clock(machine, self.now)
                evidence = yield from self._revoke()
                if evidence is None:
                    yield Sleep(1)
                    continue
                until = rules.safe_from(evidence[1], began, rules.clock(machine, self.now))
                while rules.clock(machine, self.now) < until:
                    yield Sleep(max(0.001, (until - rules.clock(machine, self.now)) / machine.rate))
            if dice.random() < 0.4 and not self.keen:
                number, word = evidence
                done = yield from self._take(number + 1, granting(word, by="promoter", why="taken back"))
                self.granted |= isinstance(done, Mine)
                yield Sleep(dice.uniform(0, 15))
                continue  # with evidence that is from before the grant, half of the time
            if not rules.seals or (yield from self._sealed(*evidence)):
                self.promoted = self.now
                return
            evidence = None

    def _sealed(self, number: int, revoked: Word) -> Generator[Any, Any, bool]:
        """Say `revoked` once more, so that no grant that is under way can come after the evidence."""
        done = yield from self._take(number + 1, self.rules.revoking(revoked))
        return isinstance(done, Mine) or (
            isinstance(done, Theirs) and Word.read(done.content).says == "revoked"
        )

    def _take_up(self, machine: Machine, name: str, terms: Terms) -> Generator[Any, Any, Hold | None]:
        head = yield from self._head()
        if head is None:
            return None
        number, before = head
        word = self.rules.begin(before, name, machine.boot, terms)
        if word is None:
            return None
        done = yield from self._take(number + 1, word)
        if not self.rules.decided(done):
            return None
        return Hold.begun(word, terms, number + 1, self.rules.clock(machine, self.now))

    def _find_out(self, machine: Machine, path: Path, hold: Hold) -> Generator[Any, Any, Hold | None]:
        word = hold.again()
        found = yield from self._say(machine, hold, word)
        if found is None:
            path.until(self.now, NEVER)
        return found

    def _say(self, machine: Machine, hold: Hold, word: Word) -> Generator[Any, Any, Hold | None]:
        """Say another word in the slot after this one; None when somebody else has."""
        done = yield from self._take(hold.number + 1, word)
        if isinstance(done, Theirs):
            return None
        if isinstance(done, Mine):
            return hold.followed(word, hold.number + 1)
        return hold

    def _revoke(self) -> Generator[Any, Any, tuple[int, Word] | None]:
        head = yield from self._head()
        if head is None:
            return None
        last, before = head
        for number in range(last + 1, last + 9):
            word = self.rules.revoking(before)
            done = yield from self._take(number, word)
            if isinstance(done, Theirs):
                before = Word.read(done.content)
            elif self.rules.decided(done):
                return number, word
            else:
                return None
        return None

    # --- the places

    def _head(self) -> Generator[Any, Any, tuple[int, Word | None] | None]:
        heard = yield Ask(dict.fromkeys(PLACES, dict), lambda answers: len(answers) >= self.rules.majority)
        if len(heard) < self.rules.majority:
            return None
        numbers = [number for kept in heard.values() for number, _ in kept]
        if not numbers:
            return 0, None
        top = max(numbers)
        for number in (top, top - 1):  # somebody may be saying something just now
            for rounds in range(1, 13):
                found = [kept.get((number, rounds)) for kept in heard.values()]
                for one in found:
                    if one not in (None, VOID) and found.count(one) >= self.rules.majority:
                        return number, Word.read(one)
        return (0, None) if top == 1 else None

    def _is_empty(self, number: int) -> Generator[Any, Any, bool | None]:
        def look(kept: dict[Any, Any]) -> bool:
            return (number, 1) not in kept

        enough = self.rules.majority
        heard = yield Ask(dict.fromkeys(PLACES, look), lambda answers: sum(answers.values()) >= enough)
        if sum(heard.values()) >= enough:
            return True
        return False if len(heard) >= enough else None

    def _take(self, number: int, word: Word) -> Generator[Any, Any, Any]:
        taking = Taking(PLACES, word.content())
        while True:
            puts = taking.puts()
            if taking.outcome is not None:
                return taking.outcome
            if not puts:
                return None

            def put(kept: dict[Any, Any], one: Any) -> bytes | None:
                there = kept.setdefault((number, one.round), one.content)
                return None if there == one.content else there

            calls = {one.place: (lambda kept, one=one: (put(kept, one),)) for one in puts}
            heard = yield Ask(calls)
            for one in puts:
                if one.place in heard:
                    taking.heard(one, heard[one.place][0])
                else:
                    taking.not_heard(one)

    # --- time

    def _machine(self, name: str) -> Machine:
        dice = self.dice
        made = Machine(
            name,
            f"boot-{name}",
            1 + dice.choice([-FAST, dice.uniform(-FAST, FAST), FAST]),
            dice.uniform(0, 1000),
        )
        at = 0.0
        for _ in range(dice.choice([0, 1, 1, 2, 3])):
            at += dice.uniform(1, 50)
            made.pauses.append((at, at + dice.uniform(0.1, 40), dice.choice([HELD, ASLEEP])))
            at = made.pauses[-1][1]
        return made

    def _cuts(self) -> list[tuple[str, float, float]]:
        dice = self.dice
        return [
            (dice.choice(PLACES), begin := dice.uniform(0, ENDS), begin + dice.uniform(1, 60))
            for _ in range(dice.choice([0, 1, 2, 3]))
        ]

    def _at(self, when: float, go: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (when, self._order, go))

    def _after(self, begins: float, actor: Actor) -> Actor:
        yield Sleep(begins)
        yield from actor

    def _begin(self, machine: Machine, actor: Actor) -> None:
        self._at(self.now, lambda: self._resume(machine, actor, None))

    def _resume(self, machine: Machine, actor: Actor, answer: Any) -> None:
        runs = machine.runs_from(self.now)
        if runs > self.now:
            self._at(runs, lambda: self._resume(machine, actor, answer))
            return
        try:
            wanted = actor.send(answer)
        except StopIteration:
            return
        if isinstance(wanted, Sleep):
            self._at(self.now + wanted.seconds, lambda: self._resume(machine, actor, None))
        else:
            self._ask(machine, actor, wanted)

    def _ask(self, machine: Machine, actor: Actor, asked: Ask) -> None:
        heard: dict[str, Any] = {}
        over = False

        def go_on() -> None:
            nonlocal over
            if not over:
                over = True
                self._resume(machine, actor, dict(heard))

        def hear(place: str, said: Any) -> None:
            heard.setdefault(place, said)
            if len(heard) == len(asked.calls) or asked.enough(heard):
                go_on()

        for place, call in asked.calls.items():
            there, back = self._delay(), self._delay()

            def arrive(
                place: str = place, call: Callable[[dict[Any, Any]], Any] = call, back: float = back
            ) -> None:
                if any(cut == place and a <= self.now < b for cut, a, b in self.cuts):
                    return
                said = call(self.kept[place])
                if self.dice.random() < 0.96:
                    self._at(self.now + back, lambda: hear(place, said))

            if self.dice.random() < 0.96:
                self._at(self.now + there, arrive)
        self._at(self.now + asked.limit, go_on)

    def _delay(self) -> float:
        """Most are quick. Some take longer than the limit: what was sent is taken in when nobody waits any more."""
        return self.dice.choice([0.01, 0.02, 0.05, 0.05, 0.4, 3.0]) * self.dice.uniform(0.5, 1.5)
