"""Whoever drives a run holds it at the three places: one run a thing, copies before changes, and nothing done twice."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from seawall import terms
from seawall.attempt import CallToMake, Ending
from seawall.carrying import carry_out, newly_opened
from seawall.catching_up import NothingBegun, catch_up
from seawall.claims_at_places import claim_at, foresee, release_at
from seawall.copies import journal_row, plan_key
from seawall.decide import Ask, Finish
from seawall.drivers import this_driver
from seawall.driving import NOT_KNOWN_YET, AtPlaces
from seawall.errors import BadInput, Busy, Tampered
from seawall.journal import Ended, NotReplicated, Outcome, Recovered, Settled, Started, WentAlone
from seawall.journal_file import read_journal
from seawall.marks import MARK, MarkedPlace, mark_of
from seawall.places import Places, PlaceSilent, silent
from seawall.plan import Plan, PlannedStep
from seawall.recovering import known_runs, recover
from seawall.run_folder import RunFolder, create_run
from seawall.slots import VOID
from seawall.terms import Term, TermLost
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_look, a_plan

NAMES = ("north", "south", "witness")
SHORT = timedelta(milliseconds=200)
"""The limit of a call: so long a term must be waited for."""


def quick(*steps: PlannedStep, **more) -> Plan:
    return a_plan(*(one.model_copy(update={"within": SHORT}) for one in steps), **more)


TWO = quick(a_change("fence"), a_change("promote", "fence"), claims=("service:login",))


@dataclass
class City:
    """Three places, and as many machines as a test wants."""

    folder: Path
    stores: list[PlaceInMemory] = field(
        default_factory=lambda: [PlaceInMemory(name, kept={MARK: mark_of(name)}) for name in NAMES]
    )
    world: SimulatedWorld = field(default_factory=SimulatedWorld)

    def at(self, told: list[str] | None = None, alone: tuple[str, str] | None = None) -> AtPlaces:
        places = Places([MarkedPlace(one) for one in self.stores], within=timedelta(seconds=1))
        return AtPlaces(places, (told if told is not None else []).append, alone)

    def run(self, machine: str, plan: Plan = TWO) -> RunFolder:
        return create_run(self.folder / machine, plan, by="anna", version="0", now=MIDNIGHT)

    def carry(
        self, run: RunFolder, *, by: str = "anna", hands=None, at: AtPlaces | None = None
    ) -> Finish | Ask:
        hands = hands or SimulatedHands(self.world)
        with newly_opened(run, self.world.clock, by=by):
            return carry_out(run, hands, self.world.clock, at=at or self.at(), by=by)

    def lines(self, run: RunFolder, store: int) -> bytes:
        """All lines of a run that one place has, in order."""
        prefix = f"{journal_row(run.id)}/"
        kept = self.stores[store].kept
        return b"".join(kept[key] for key in sorted(kept) if key.startswith(prefix))


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


class Watching(SimulatedHands):
    """Hands that tell what the places had when a call was about to be made."""

    def __init__(self, world: SimulatedWorld, see) -> None:
        super().__init__(world)
        self._see = see

    def start(self, making: CallToMake) -> None:
        self._see(making)
        super().start(making)


class Killed(BaseException):
    """The process is gone."""


def test_of_two_machines_one_drives_and_the_other_is_told_by_whom_and_since_when(city: City):
    first, second = city.run("one"), city.run("two")

    def meanwhile(making: CallToMake) -> None:
        if making.call.step.id == "fence":
            with pytest.raises(
                Busy, match=rf"run {first.id} of anna on .+ holds service:login, since .* ago"
            ):
                city.carry(second, by="bo")

    assert city.carry(first, hands=Watching(city.world, meanwhile)) == Finish(Outcome.DONE)
    assert [one.outcome for one in read_journal(second.journal_path) if isinstance(one, Ended)] == ["refused"]
    assert city.carry(city.run("two"), by="bo") == Finish(Outcome.DONE)


def test_two_that_start_at_the_same_moment_are_one_run_and_one_refusal(city: City):
    ends: list[object] = []
    begin = threading.Barrier(2)

    def start(machine: str) -> None:
        run = city.run(machine)
        world = SimulatedWorld()
        begin.wait()
        try:
            ends.append(carry_out(run, SimulatedHands(world), world.clock, at=city.at(), by=machine))
        except Busy as refusal:
            ends.append(refusal)

    both = [threading.Thread(target=start, args=(machine,)) for machine in ("one", "two")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    # The quicker may be over before the other asks; never do both hold it at once, which the slots' tests show.
    assert Finish(Outcome.DONE) in ends


class SlowPlace(PlaceInMemory):
    """A place some way off."""

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        threading.Event().wait(0.03)
        return super().put_if_absent(key, content, within)


def test_the_beginning_of_a_change_is_at_a_majority_before_the_call(city: City):
    city.stores = [SlowPlace(one.name, kept=one.kept) for one in city.stores]
    seen: list[int] = []

    def see(making: CallToMake) -> None:
        begun = f'"kind":"started","step":"{making.call.step.id}"'.encode()
        seen.append(sum(begun in city.lines(run, n) for n in range(3)))

    run = city.run("one")
    assert city.carry(run, hands=Watching(city.world, see)) == Finish(Outcome.DONE)
    assert len(seen) == 2
    assert all(count >= 2 for count in seen)


def test_in_the_end_every_place_holds_the_journal_as_it_is_on_the_disk(city: City):
    run = city.run("one")
    city.carry(run)
    assert [city.lines(run, n) for n in range(3)] == [run.journal_path.read_bytes()] * 3


@pytest.mark.parametrize("gone", range(3))
def test_one_place_down_changes_nothing(city: City, gone: int):
    city.stores[gone].down = True
    run = city.run("one")
    assert city.carry(run) == Finish(Outcome.DONE)
    assert not [one for one in read_journal(run.journal_path) if isinstance(one, NotReplicated)]
    kept = [city.lines(run, n) == run.journal_path.read_bytes() for n in range(3)]
    assert kept.count(True) == 2


def test_when_two_places_go_the_run_says_once_that_it_is_not_replicated_and_goes_on(city: City):
    run = city.run("one", quick(a_change("a"), a_change("b", "a"), a_change("c", "b")))

    def see(making: CallToMake) -> None:
        if making.call.step.id == "a":
            city.stores[0].down = city.stores[1].down = True

    assert city.carry(run, hands=Watching(city.world, see)) == Finish(Outcome.DONE)
    (said,) = [one for one in read_journal(run.journal_path) if isinstance(one, NotReplicated)]
    assert set(said.silent) >= {"north", "south"}


def test_with_one_place_left_nothing_begins_unless_two_people_answer_for_it(city: City):
    city.stores[0].down = city.stores[1].down = True
    run = city.run("one")
    with pytest.raises(PlaceSilent, match="two of the three places must"):
        city.carry(run)
    assert not city.world.times_made("fence")
    run = city.run("one")
    assert city.carry(run, at=city.at(alone=("anna", "bo"))) == Finish(Outcome.DONE)
    (said,) = [one for one in read_journal(run.journal_path) if isinstance(one, WentAlone)]
    assert said.by == ("anna", "bo")


def test_a_driver_whose_term_another_has_taken_stops_before_its_next_change(city: City):
    run = city.run("one")

    def see(making: CallToMake) -> None:
        places = city.at().places
        taken = Term(places, run.id, this_driver(city.folder / "one", "bo"), timedelta())
        taken.take()
        for one in range(
            4
        ):  # what whoever takes it up does at once: no line of the one before counts any more
            for store in city.stores:
                store.kept.setdefault(f"{journal_row(run.id)}/{one + 2:010d}/{1:010d}", b"seawall: void")

    with pytest.raises(TermLost, match="does not drive the run any more"):
        city.carry(run, hands=Watching(city.world, see))
    assert city.world.times_made("promote") == 0


def killed_after(city: City, run: RunFolder, step: str, hands: SimulatedHands | None = None) -> None:
    """Drive a run until the call of a step has been handed over, and no further; then its machine is gone."""
    hands = hands or SimulatedHands(city.world)
    start = hands.start

    def start_and_die(making: CallToMake) -> None:
        start(making)
        if making.call.step.id == step:
            raise Killed

    setattr(hands, "start", start_and_die)  # noqa: B010 - what mypy is right to refuse elsewhere

    def tell(line: str) -> None:
        if line == NOT_KNOWN_YET:  # it would wait until two places answer
            raise Killed

    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(Term, "let_go", lambda term: term.stop())  # a killed process lets go of nothing
        with pytest.raises(Killed):
            carry_out(run, hands, city.world.clock, at=AtPlaces(city.at().places, tell), by="anna")


@pytest.fixture
def short_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "SHORTEST", timedelta(milliseconds=100))
    monkeypatch.setattr(terms, "MORE", timedelta(milliseconds=100))
    monkeypatch.setattr(terms, "MARGIN", timedelta())
    monkeypatch.setattr(terms, "LEAST_DRIFT", timedelta(milliseconds=10))
    monkeypatch.setattr(terms, "LONGEST_AT_ONCE", timedelta())


def test_a_run_whose_machine_is_gone_is_not_bypassed_but_recovered_and_resumed(city: City, short_terms: None):
    run = city.run("one")
    killed_after(city, run, "promote")
    city.world.wear_out()
    shutil.rmtree(city.folder / "one")
    with pytest.raises(Busy, match=f"seawall recover {run.id}"):
        city.carry(city.run("two"), by="bo")
    told: list[str] = []
    here = RunFolder(city.folder / "two", run.id)
    at = city.at(told)
    assert [one.run for one in known_runs(at.places, lambda _: False)] == [run.id]
    recover(at.places, here, city.world.clock, by="bo", tell=told.append)
    assert any("anna on" in line and "may drive this run" in line for line in told)
    assert city.carry(here, by="bo", at=at) == Finish(Outcome.DONE)
    assert (city.world.times_made("fence"), city.world.times_made("promote")) == (1, 1)
    assert not known_runs(at.places, lambda _: False)
    assert city.carry(city.run("two"), by="bo") == Finish(Outcome.DONE)


@pytest.fixture
def terms_of_two_seconds(short_terms: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "SHORTEST", timedelta(seconds=2))


def go_on_unseen_until(city: City, last: str) -> RunFolder:
    """Drive a plan; from its first change on only one place answers, and when `last` was begun the machine is lost."""
    plan = quick(
        a_change("a"), a_look("look", "a"), a_change("b", "look"), a_change("c", "b"), a_change("d", "c")
    )
    run = city.run("one", plan)

    def see(making: CallToMake) -> None:
        if making.call.step.id == "a":
            city.stores[0].down = city.stores[1].down = True

    killed_after(city, run, last, hands=Watching(city.world, see))
    city.world.wear_out()
    shutil.rmtree(city.folder / "one")
    city.stores[0].down = city.stores[1].down = False
    city.stores[2].down = True
    return RunFolder(city.folder / "two", run.id)


@pytest.mark.slow
@pytest.mark.parametrize("last", ["b", "c", "d"])
def test_what_could_have_begun_unseen_is_settled_and_never_done_again(
    city: City, terms_of_two_seconds: None, last: str
):
    here = go_on_unseen_until(city, last)
    recover(city.at().places, here, city.world.clock, by="bo")
    assert city.carry(here, by="bo") == Finish(Outcome.DONE)
    assert [city.world.times_made(step) for step in "abcd"] == [1] * 4
    events = read_journal(here.journal_path)
    assert [one.known_at for one in events if isinstance(one, Recovered)]
    settled = {one.step: one.happened for one in events if isinstance(one, Settled)}
    begun = "abcd"[: "abcd".index(last) + 1]
    # One that did not happen clears all after it: no proof of theirs is looked at.
    expected = dict.fromkeys(begun, True) | dict.fromkeys("abcd"[len(begun) :][:1], False)
    assert settled == expected


def test_another_line_at_the_places_than_here_is_never_joined(city: City, short_terms: None):
    run = city.run("one")
    killed_after(city, run, "fence")
    shutil.copytree(city.folder / "one", city.folder / "kept")
    shutil.rmtree(city.folder / "one")
    city.world.wear_out()
    here = RunFolder(city.folder / "two", run.id)
    recover(city.at().places, here, city.world.clock, by="bo")
    city.carry(here, by="bo")
    old = RunFolder(city.folder / "kept", run.id)
    with old.journal("anna") as journal:
        journal.append([Started(at=MIDNIGHT, step="promote", attempt=1, until=MIDNIGHT)])
    with pytest.raises(Tampered, match="another one at the places than here"):
        carry_out(old, SimulatedHands(city.world), city.world.clock, at=city.at(), by="anna")


def test_what_this_machine_has_is_resumed_and_what_nobody_knows_is_not_recovered(city: City):
    run = city.run("one")
    places = city.at().places
    with pytest.raises(BadInput, match="this machine has that run"):
        recover(places, run, city.world.clock, by="bo")
    with pytest.raises(BadInput, match="do not know this run"):
        recover(places, RunFolder(city.folder / "one", "2026-01-01-0000-x-aa"), city.world.clock, by="bo")


class FarPlace(SlowPlace):
    """A place that answers last."""

    def get(self, key: str, within: timedelta) -> bytes | None:
        threading.Event().wait(0.03)
        return super().get(key, within)


def test_a_line_that_was_made_void_at_two_places_is_none_whichever_two_answer_first(city: City):
    run, line = "2026-11-21-0300-move-aaaa", b"a line of a driver that was made to stop\n"
    for one in city.stores:
        one.kept[f"{journal_row(run)}/{1:010d}/{1:010d}"] = line
    for one, stands in zip(city.stores, (VOID, VOID, line), strict=True):
        one.kept[f"{journal_row(run)}/{2:010d}/{1:010d}"] = stands
    city.stores[1] = FarPlace(city.stores[1].name, kept=city.stores[1].kept)
    assert catch_up(city.at().places, run, b"", void=[1]).lines == (line,)


def test_lines_that_only_the_places_have_are_fetched_when_the_run_is_resumed(city: City):
    run = city.run("one")
    killed_after(city, run, "promote")
    whole = run.journal_path.read_bytes()
    run.journal_path.write_bytes(
        b"".join(whole.splitlines(keepends=True)[:2])
    )  # the disk forgot the last ones
    city.world.wear_out()
    assert city.carry(run) == Finish(Outcome.DONE)
    assert run.journal_path.read_bytes().startswith(whole)
    assert (city.world.times_made("fence"), city.world.times_made("promote")) == (1, 1)


def test_the_plan_is_at_two_places_before_any_line_is_sent(city: City):
    sent: list[int] = []

    class Telling(SlowPlace):
        def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
            if key.startswith(journal_row(run.id)):
                sent.append(sum(plan_key(run.id) in one.kept for one in city.stores))
            if key == plan_key(run.id):
                threading.Event().wait(0.1)
            return super().put_if_absent(key, content, within)

    city.stores = [Telling(one.name, kept=one.kept) for one in city.stores]
    run = city.run("one")
    assert city.carry(run) == Finish(Outcome.DONE)
    assert min(sent) >= 2


@dataclass
class TakesNoLines(PlaceInMemory):
    """A place that is silent about a run's lines for a while."""

    waits: bool = True

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        if self.waits and "/journal/" in key:
            raise silent(self.name, "it takes no lines yet")
        return super().put_if_absent(key, content, within)


@pytest.mark.slow
def test_no_change_begins_before_two_places_hold_how_the_run_was_opened(city: City):
    stores = [TakesNoLines(one.name, kept=one.kept) for one in city.stores]
    city.stores = list(stores)
    told: list[str] = []

    def see(_making: CallToMake) -> None:
        assert sum(bool(city.lines(run, n)) for n in range(3)) >= 2

    def tell(line: str) -> None:
        told.append(line)
        for one in stores:
            one.waits = False

    run, at = city.run("one"), city.at()
    at = AtPlaces(at.places, tell)
    assert city.carry(run, hands=Watching(city.world, see), at=at) == Finish(Outcome.DONE)
    assert told == [NOT_KNOWN_YET]


def foreseen(city: City) -> Places:
    """Return places at which it was read beforehand who holds what the plan claims."""
    places = city.at().places
    foresee(places, TWO.claims)
    while not places.foreseen:
        threading.Event().wait(0.002)
    return places


def hold(city: City, run: RunFolder, places: Places | None = None) -> None:
    claim_at(places or city.at().places, TWO.claims, run.id, this_driver(run.runs, "anna"), lambda _: False)


def test_what_was_foreseen_as_held_is_free_when_it_was_released_since(city: City):
    first = city.run("one")
    hold(city, first)
    places = foreseen(city)
    with pytest.raises(Busy, match=first.id):
        hold(city, city.run("two"), foreseen(city))
    release_at(city.at().places, TWO.claims, first.id)
    hold(city, city.run("two"), places)


def test_what_was_foreseen_as_free_is_held_when_it_was_claimed_since(city: City):
    first, second = city.run("one"), city.run("two")
    hold(city, first)
    release_at(city.at().places, TWO.claims, first.id)
    places = foreseen(city)
    hold(city, second)
    with pytest.raises(Busy, match=second.id):
        hold(city, city.run("three"), places)


def lost_after_claiming(city: City, *, term: bool) -> RunFolder:
    """Open a run whose machine is lost when all that stands of it at the places is its claims, and maybe its term."""
    run, places = city.run("one"), city.at().places
    driver = this_driver(run.runs, "anna")
    claim_at(places, TWO.claims, run.id, driver, lambda _: False)
    if term:
        taken = Term(places, run.id, driver, timedelta())
        taken.take()
        taken.stop()
    return run


@pytest.mark.parametrize("term", [False, True])
def test_a_claim_of_a_run_that_no_place_knows_holds_nobody_up_for_ever(
    city: City, short_terms: None, term: bool
):
    run = lost_after_claiming(city, term=term)
    with pytest.raises(Busy, match=f"seawall recover {run.id}"):
        city.carry(city.run("two"), by="bo")
    here = RunFolder(city.folder / "two", run.id)
    for _ in range(2):  # whoever does not believe it may ask again
        with pytest.raises(NothingBegun, match="had changed nothing, and it never will now"):
            recover(city.at().places, here, city.world.clock, by="bo")
    assert not here.path.exists()
    assert city.carry(city.run("two"), by="bo") == Finish(Outcome.DONE)


@pytest.mark.parametrize("again", [False, True])
def test_a_run_that_was_given_up_is_over_where_it_was_opened_too(city: City, short_terms: None, again: bool):
    run = lost_after_claiming(city, term=True)
    with pytest.raises(NothingBegun):
        recover(city.at().places, RunFolder(city.folder / "two", run.id), city.world.clock, by="bo")
    if again:
        assert city.carry(city.run("two"), by="bo") == Finish(Outcome.DONE)
    with pytest.raises(NothingBegun, match="has given it up"):
        city.carry(run)
    assert city.world.times_made("fence") == again
    assert [one.outcome for one in read_journal(run.journal_path) if isinstance(one, Ended)] == ["refused"]
    assert city.carry(city.run("three"), by="carl") == Finish(Outcome.DONE)
    assert not known_runs(city.at().places, lambda _: False)


def test_what_is_given_up_at_one_place_only_is_not_over_yet(city: City, short_terms: None):
    run = lost_after_claiming(city, term=True)

    class TakesNoEnd(PlaceInMemory):
        def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
            if b"nothing was begun" in content:
                raise silent(self.name, "it does not answer")
            return super().put_if_absent(key, content, within)

    kept = city.stores
    city.stores = [kept[0], *(TakesNoEnd(one.name, kept=one.kept) for one in kept[1:])]
    with pytest.raises(PlaceSilent):
        recover(city.at().places, RunFolder(city.folder / "two", run.id), city.world.clock, by="bo")
    city.stores = kept
    kept[2].down = True
    with pytest.raises(Busy):
        city.carry(city.run("two"), by="bo")
    kept[0].down, kept[2].down = True, False
    assert city.carry(run) == Finish(Outcome.DONE)


def test_a_run_that_was_refused_is_not_among_those_to_take_up(city: City):
    first, second = city.run("one"), city.run("two")

    def meanwhile(making: CallToMake) -> None:
        if making.call.step.id == "fence":
            with pytest.raises(Busy):
                city.carry(second, by="bo")
            assert [one.run for one in known_runs(city.at().places, lambda _: False)] == [first.id]

    assert city.carry(first, hands=Watching(city.world, meanwhile)) == Finish(Outcome.DONE)


@dataclass
class Wire:
    """What one machine reaches the places by; after so many things were sent it is cut, before or after the last."""

    left: int
    deaf: bool

    def to(self, place: PlaceInMemory) -> PlaceInMemory:
        wire = self

        class Wired(PlaceInMemory):
            def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
                wire.left -= 1
                if wire.left < 0 and not (wire.deaf and wire.left == -1):
                    raise silent(self.name, "the wire is cut")
                said = super().put_if_absent(key, content, within)
                if wire.left < 0:
                    raise silent(self.name, "the wire is cut")
                return said

            def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
                if wire.left <= 0:
                    raise silent(self.name, "the wire is cut")
                return super().names(prefix, within)

            def get(self, key: str, within: timedelta) -> bytes | None:
                if wire.left <= 0:
                    raise silent(self.name, "the wire is cut")
                return super().get(key, within)

        return Wired(place.name, kept=place.kept)


class GivesUp(SimulatedHands):
    """Hands of a machine that is lost when nothing was to be done for a while."""

    looks = 0

    def next(self, within: timedelta) -> Ending | None:
        self.looks += 1
        if self.looks > 500:
            raise Killed
        return super().next(within)


@pytest.mark.slow
@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("sent", range(26))
def test_wherever_a_machine_is_lost_its_run_is_taken_up_or_given_up_and_never_done_twice(
    city: City, short_terms: None, monkeypatch: pytest.MonkeyPatch, sent: int, deaf: bool
):
    monkeypatch.setattr(terms, "SHORTEST", timedelta(milliseconds=500))
    kept, wire = city.stores, Wire(sent, deaf)
    city.stores = [wire.to(one) for one in kept]
    run = city.run("one")
    with suppress(PlaceSilent):
        killed_after(city, run, "fence", GivesUp(city.world))
    city.stores = kept
    city.world.wear_out()
    shutil.rmtree(city.folder / "one")
    before = city.world.times_made("fence")
    try:
        city.carry(city.run("two"), by="bo")
    except Busy:
        pass
    else:
        assert not before
        return
    here = RunFolder(city.folder / "two", run.id)
    try:
        recover(city.at().places, here, city.world.clock, by="bo")
    except NothingBegun:
        assert not before
    else:
        assert city.carry(here, by="bo") == Finish(Outcome.DONE)
        assert (city.world.times_made("fence"), city.world.times_made("promote")) == (1, 1)
    assert city.carry(city.run("two"), by="bo") == Finish(Outcome.DONE)


def test_a_term_covers_no_call_that_could_outlast_it_and_is_lengthened_for_one(city: City):
    places = city.at().places
    with Term(places, "r", this_driver(city.folder, "anna"), timedelta(seconds=5)) as term:
        term.take()
        assert term.covers(timedelta(seconds=5))
        assert not term.covers(timedelta(hours=1))
        until = threading.Event()
        while not term.covers(timedelta(hours=1)):
            until.wait(0.01)
        assert term.left > timedelta(hours=1)


def test_whoever_lets_go_keeps_nobody_waiting(city: City):
    places = city.at().places
    with Term(places, "r", this_driver(city.folder / "one", "anna"), timedelta(hours=1)) as term:
        term.take()
    told: list[str] = []
    with Term(places, "r", this_driver(city.folder / "two", "bo"), timedelta(), told.append) as term:
        term.take()
    assert not told


def test_a_copied_folder_is_another_driver(tmp_path: Path):
    one = this_driver(tmp_path / "one", "anna")
    assert this_driver(tmp_path / "one", "bo").folder == one.folder
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert this_driver(tmp_path / "two", "anna").folder != one.folder
