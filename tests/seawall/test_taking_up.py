"""A run whose machine is lost is taken up or given up elsewhere: never bypassed, and nothing of it done twice."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from connectors.memory.places import PlaceInMemory
from seawall import terms
from seawall.attempt import CallToMake, Ending
from seawall.carrying import carry_out
from seawall.catching_up import NothingBegun, catch_up
from seawall.claims_at_places import claim_at
from seawall.copies import journal_row, plan_key
from seawall.decide import Finish
from seawall.drivers import this_driver
from seawall.errors import BadInput, Busy, Tampered
from seawall.journal import Ended, Outcome, Recovered, Settled, Started
from seawall.journal_file import read_journal
from seawall.places import PlaceSilent, silent
from seawall.recovering import known_runs, recover
from seawall.run_folder import RunFolder
from seawall.slots import VOID
from seawall.terms import Term
from tests.fakes import MIDNIGHT, SimulatedHands
from tests.seawall.machines import TWO, City, Killed, SlowPlace, Watching, killed_after, quick
from tests.seawall.plans import a_change, a_look


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("spoilt", [1, 3])
def test_a_run_is_taken_up_with_the_plan_that_was_approved_and_with_no_other(
    city: City, short_terms: None, spoilt: int
):
    run = city.run("one")
    killed_after(city, run, "fence")
    shutil.rmtree(city.folder / "one")
    city.world.wear_out()
    for store in city.stores[:spoilt]:
        store.kept[plan_key(TWO.digest)] = quick(a_change("wipe")).content
    city.stores[2].down = spoilt == 1  # whoever answers, one of the two has another plan
    here = RunFolder(city.folder / "two", run.id)
    if spoilt == 1:
        recover(city.at().places, here, city.world.clock, by="bo")
        assert here.plan == TWO
        return
    with pytest.raises(Tampered, match="not the one that was approved"):
        recover(city.at().places, here, city.world.clock, by="bo")
    assert not here.path.exists()


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


@pytest.mark.slow
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
