"""Whoever drives a run holds it at the three places: one run a thing, copies before changes, and nothing done twice."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from seawall.attempt import CallToMake
from seawall.carrying import carry_out
from seawall.claims_at_places import claim_at, foresee, release_at
from seawall.copies import foresee_plan, journal_row, plan_key
from seawall.decide import Finish
from seawall.drivers import this_driver
from seawall.driving import NOT_KNOWN_YET, AtPlaces
from seawall.errors import Busy
from seawall.journal import Ended, NotReplicated, Outcome, WentAlone
from seawall.journal_file import read_journal
from seawall.places import Places, PlaceSilent, silent
from seawall.run_folder import RunFolder
from seawall.slots import VOID
from seawall.terms import Term, TermLost
from tests.fakes import SimulatedHands, SimulatedWorld
from tests.seawall.machines import TWO, City, SlowPlace, Watching, quick
from tests.seawall.plans import a_change


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


@pytest.mark.slow
def test_the_plan_is_at_two_places_before_any_line_is_sent(city: City):
    sent: list[int] = []

    class Telling(SlowPlace):
        def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
            if key.startswith(journal_row(run.id)):
                sent.append(sum(plan_key(run.opened.plan) in one.kept for one in city.stores))
            if key == plan_key(run.opened.plan):
                threading.Event().wait(0.1)
            return super().put_if_absent(key, content, within)

    city.stores = [Telling(one.name, kept=one.kept) for one in city.stores]
    run = city.run("one")
    assert city.carry(run) == Finish(Outcome.DONE)
    assert min(sent) >= 2


@dataclass
class CountsPlans(PlaceInMemory):
    """A place that counts how often it was sent a plan, and was read: its mark is looked at before it is sent any."""

    plans: int = 0
    read: int = 0

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        self.plans += key.startswith(plan_key(""))
        return super().put_if_absent(key, content, within)

    def get(self, key: str, within: timedelta) -> bytes | None:
        try:
            return super().get(key, within)
        finally:
            self.read += 1


@pytest.mark.parametrize(("down", "sent_again"), [((), 0), ((0,), 0), ((0, 1), 1)])
def test_a_plan_that_two_places_were_foreseen_to_hold_is_not_sent_again(city: City, down, sent_again):
    stores = [CountsPlans(one.name, kept=one.kept) for one in city.stores]
    city.stores = list(stores)
    at = city.at()
    for one in down:
        stores[one].down = True
    foresee_plan(at.places, TWO.digest, TWO.content)
    until, up = threading.Event(), len(stores) - len(down)
    while not all(one.read for one in stores) or len(at.places.foreseen[plan_key(TWO.digest)]) < up:
        until.wait(0.001)
    for one in stores:
        one.down = False
        one.plans = 0
    run = city.run("one")
    assert city.carry(run, at=at) == Finish(Outcome.DONE)
    assert [one.plans for one in stores] == [sent_again] * 3
    assert sum(plan_key(TWO.digest) in one.kept for one in stores) >= 2


@pytest.mark.parametrize("foreseen", [False, True])
def test_a_place_where_something_else_stands_for_the_plan_has_no_copy_and_keeps_nobody_out(
    city: City, foreseen
):
    """As a put that broke off leaves it, where a store does not look at checksums: for every run of that plan."""
    city.stores[0].kept[plan_key(TWO.digest)] = VOID
    at = city.at()
    if foreseen:
        foresee_plan(at.places, TWO.digest, TWO.content)
    assert city.carry(city.run("one"), at=at) == Finish(Outcome.DONE)
    city.stores[1].kept[plan_key(TWO.digest)] = VOID
    with pytest.raises(PlaceSilent, match="at north and south something else stands"):
        city.carry(city.run("two"))


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
