"""The engine in a simulated city, in thousands of stories: what must never be, is not, whatever strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.simulation import city
from tests.simulation.faults import FAULTS, Abort, MachineLost
from tests.simulation.incidents import KINDS, Incident
from tests.simulation.installing import install
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.searching import failure, shrunk, stories
from tests.simulation.setting import Setting
from tests.simulation.story import Story

ALL = 10_000
FIRST = 500
"""So many of them are told where it is seen what they were made of and came to, and the others beside."""
AT_ONCE = 250
"""Seeds of one test, so that two processes share them out between them."""
LEAST = 3
"""In so many of the first stories each kind of fault must strike, and each state be reached."""
STATES = (
    "aborted",
    "asked in doubt",
    "brought home",
    "done",
    "failed",
    "promoted",
    "refused",
    "resumed",
    "settled: did not happen",
    "settled: happened",
    "taken back",
    "turned away",
    "undone",
)


@pytest.fixture(autouse=True)
def virtual_time() -> Iterator[None]:
    take_back = install()
    yield
    take_back()


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FIRST, ALL, AT_ONCE))
def test_nothing_is_done_twice_and_nothing_wrong_whatever_strikes(first: int):
    seen = stories(range(first, first + AT_ONCE))
    assert not seen.wrong, failure(seen.wrong[0])


def test_a_few_stories_hold():
    seen = stories(range(3))
    assert not seen.wrong, failure(seen.wrong[0])


@pytest.mark.slow
def test_every_kind_of_fault_really_strikes_and_every_state_is_reached():
    seen = stories(range(FIRST))
    assert not seen.wrong, failure(seen.wrong[0])
    for kind in FAULTS:  # of the rare ones, those stories that have them
        those = (one for one in map(Setting.drawn, range(FIRST, 9000)) if kind in map(type, one.faults))
        while seen.struck[kind.__name__] < LEAST:
            seen.add(Story(next(those)).play())
    missing = [kind for kind in KINDS if seen.struck[kind] < LEAST]
    assert not missing, f"seen in fewer than {LEAST} of {seen.stories} stories: {seen.struck}"
    aborted = (one for one in map(Setting.drawn, range(FIRST, 9000)) if Abort in map(type, one.faults))
    while seen.came_to["taken back"] < LEAST:  # few are stopped between a change and what rests on it
        seen.add(Story(next(aborted)).play())
    unreached = [state for state in STATES if seen.came_to[state] < LEAST]
    assert not unreached, f"reached by fewer than {LEAST} runs: {seen.came_to}"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10, 50, 10))
def test_wherever_a_machine_is_lost_its_run_is_taken_up_elsewhere(first: int):
    """Also when it dies over a word that reaches only one of the three places: nobody waits for that one for ever."""
    incident = Incident("nothing", 0.0, 1.0)
    for instant in range(first, 500, 40):
        lost = (MachineLost(instant, "witness"),)
        story = Story(Setting(1, "disaster", incident, lost, has_places=True)).play()
        assert not story.wrongs, failure(story)


@pytest.mark.parametrize("seed", [16953])
def test_what_once_went_wrong_does_not_again(seed: int):
    """A seed tells its story for as long as faults are drawn alike; what older ones had found, mutants hold by now."""
    seen = stories([seed])
    assert not seen.wrong, failure(seen.wrong[0])


def test_a_service_comes_home_after_a_failover():
    setting = next(one for one in map(Setting.drawn, range(1000)) if one.fails_back)
    story = Story(replace(setting, faults=())).play()
    assert not story.wrongs, failure(story)
    assert [run.brought_home for run in story.runs] == [False, True]
    assert not story.users.accepts(story.twin.servers.servers[city.NEW])
    assert story.users.accepts(story.twin.servers.servers[city.OLD])


def test_the_same_seed_tells_the_same_story():
    for seed in (8, 20):
        one, other = (Story(Setting.drawn(seed), listen=True).play() for _ in range(2))
        assert one.lines == other.lines


def test_a_fault_left_out_moves_no_other():
    setting = next(one for one in map(Setting.drawn, range(100)) if len(one.faults) > 2)
    fewer = setting.without(setting.faults[1])
    assert fewer.faults == (setting.faults[0], *setting.faults[2:])
    assert fewer.incident == setting.incident


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_an_engine_without_one_of_its_guards_is_found(
    mutant: Mutant, record_property: Callable[[str, object], None]
):
    with mutant.alive():
        found = next((one for one in mutant.settings() if _shows(mutant, one)), None)
        assert found is not None, f"{mutant.name} was not found in {mutant.within} stories"
        fewest = shrunk(found)
        assert Story(fewest).play().wrongs
        assert len(fewest.faults) <= len(found.faults)
    record_property("found with seed", found.seed)
    assert not Story(found).play().wrongs, "the engine as it is must not do it"


def _shows(mutant: Mutant, setting: Setting) -> bool:
    return any(mutant.breaks in wrong for wrong in Story(setting).play().wrongs)
