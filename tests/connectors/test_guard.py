"""The guard: what it does with its lease, with the way in, and with settings that cannot be used."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.guard.guard import Guard, Settings, SettingsWrong, read_settings
from connectors.guard.ways import WayBroken, admitting, base
from connectors.memory.places import PlaceInMemory
from seawall.lease import NEVER, Terms
from seawall.leasing import grant, read_lease, revoke
from seawall.places import Places
from seawall.slots import VOID
from tests.connectors.conftest import until

ROOT = Path(__file__).parents[2]
SERVER, TERMS = "north-db/login", Terms(term=10, drift=1, renew=2)


@dataclass
class WayInMemory:
    """A way in that remembers what it was told, and can break."""

    told: list[float] = field(default_factory=list)
    broken: bool = False

    def close(self) -> None:
        self.admit(NEVER)

    def admit(self, until: float) -> None:
        if self.broken:
            raise WayBroken("somebody removed the table")
        self.told.append(until)


class Scene:
    """A guard, its way in, three places and a clock that tests set."""

    def __init__(self, folder: Path) -> None:
        self.now, self.way = 100.0, WayInMemory()
        self.stores = [PlaceInMemory(name) for name in ("north", "south", "witness")]
        self.places = Places(self.stores, within=timedelta(seconds=1))
        self.state = folder / "state.json"
        self.guard = self.started()

    def started(self, *, boot: str = "b1") -> Guard:
        settings = Settings(SERVER, TERMS, {}, self.way, self.state)
        return Guard(settings, self.places, boot=boot, clock=lambda: self.now)

    def revoke(self) -> Any:
        told = revoke(self.places, SERVER, TERMS, by="run-1", why="fire")
        assert told
        return told[1]

    def says(self) -> str:
        return str(json.loads(self.state.read_text())["says"])


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.places.close()


def test_it_closes_before_it_asks_and_then_tells_an_instant(scene):
    assert scene.guard.step()
    assert scene.way.told == [NEVER, 110.0]
    scene.now = 102
    scene.guard.step()
    assert scene.way.told[-1] == 112.0


def test_when_no_majority_answers_the_term_runs_out_by_itself(scene):
    scene.guard.step()
    for store in scene.stores[:2]:
        store.down = True
    scene.now = 105
    scene.guard.step()
    assert scene.way.told == [NEVER, 110.0]
    assert "no majority" in scene.says()


def test_revoked_it_closes_at_once_and_begins_again_only_when_granted(scene):
    scene.guard.step()
    revoked = scene.revoke()
    assert not scene.guard.step()
    assert scene.way.told == [NEVER, 110.0, NEVER]
    assert not scene.guard.step()
    assert scene.says() == "not held: revoked by run-1: fire"
    grant(scene.places, SERVER, revoked, by="run-1", why="out")
    assert scene.guard.step()
    assert scene.way.told[-1] == 110.0


def test_revoked_and_granted_between_two_looks_it_lets_users_in_again_at_the_next(scene):
    scene.guard.step()
    grant(scene.places, SERVER, scene.revoke(), by="run-1", why="out")
    assert scene.guard.step()
    assert scene.way.told == [NEVER, 110.0, NEVER, 110.0]


def test_started_again_it_closes_what_the_one_before_had_opened(scene):
    scene.guard.step()
    scene.started().step()
    assert scene.way.told == [NEVER, 110.0, NEVER, 110.0]


SLOT = f"lease/{SERVER}/0000000001/"


def words_at(scene: Scene, store: int) -> dict[str, bytes]:
    """The words in the first slot at one place, by key; in which round depends on who answered first."""
    kept = dict(scene.stores[store].kept)
    return {key: one for key, one in kept.items() if key.startswith(SLOT) and one != VOID}


def stands_everywhere(scene: Scene) -> bool:
    return all(words_at(scene, n) for n in range(3))


def test_a_word_that_a_silent_place_missed_is_put_there_when_it_is_back(scene):
    scene.stores[2].down = True
    scene.guard.step()
    assert not words_at(scene, 2)
    scene.stores[2].down = False
    scene.now += TERMS.renew
    scene.guard.step()
    until(lambda: stands_everywhere(scene), "its word at all three", 30)


def test_a_word_that_stands_everywhere_is_not_looked_for_until_a_minute_is_over(scene, monkeypatch):
    listed, names = threading.Event(), PlaceInMemory.names

    def noted(place: PlaceInMemory, prefix: str, within: timedelta) -> tuple[str, ...]:
        if prefix.startswith(SLOT):
            listed.set()
        return names(place, prefix, within)

    def looks_for_it(after: float) -> bool:
        listed.clear()
        scene.now += after
        scene.guard.step()
        return listed.wait(0.2)

    monkeypatch.setattr(PlaceInMemory, "names", noted)
    until(lambda: not looks_for_it(TERMS.renew), "that it has seen its word everywhere", 5)
    assert stands_everywhere(scene)
    assert looks_for_it(60)


def test_a_word_that_one_place_lost_is_put_again_though_another_is_silent(scene):
    scene.guard.step()
    until(lambda: stands_everywhere(scene), "its word at all three", 30)
    for key in words_at(scene, 0):
        del scene.stores[0].kept[key]
    scene.stores[1].down = True
    scene.now += 60
    scene.guard.step()
    until(lambda: bool(words_at(scene, 0)), "its word at north", 30)
    found = read_lease(scene.places, SERVER)
    assert found
    assert (found.number, found.word and found.word.says) == (1, "held")


def test_what_was_made_void_at_a_place_is_no_word_that_is_missing(scene):
    scene.guard.step()
    until(lambda: stands_everywhere(scene), "its word at all three", 30)
    ((key, word),) = words_at(scene, 2).items()
    scene.stores[2].kept[key] = VOID
    scene.now += 60
    scene.guard.step()
    assert scene.stores[2].kept[key] == VOID
    assert words_at(scene, 0) == {key: word}


def test_on_another_boot_it_waits_for_what_the_one_before_may_have_let_in(scene):
    scene.guard.step()
    copy = scene.started(boot="b2")
    decided = []
    for scene.now in (100, 105, 200):
        copy.step()
        decided.append(scene.way.told[-1])
    assert decided[:2] == [NEVER, NEVER]


def test_of_two_guards_the_newer_one_holds(scene):
    scene.guard.step()
    scene.started().step()
    assert not scene.guard.step()
    assert "held by guard-" in scene.says()


def test_a_way_that_cannot_be_set_is_laid_down_anew_before_anything_is_said(scene):
    scene.way.broken = True
    assert not scene.guard.step()
    before = read_lease(scene.places, SERVER)
    assert before
    assert before.number == 0
    scene.way.broken = False
    assert scene.guard.step()
    scene.way.broken = True
    scene.now = 102
    assert not scene.guard.step()
    scene.way.broken = False
    scene.guard.step()
    assert scene.way.told[-2:] == [NEVER, 112.0]


def test_nothing_left_of_a_term_closes(scene):
    assert "add element" not in admitting(5432, 0.0, 0.0)
    assert "add rule inet seawall_lease_5432 until drop" in admitting(5432, -1.0, 0.0)


def test_each_kind_of_address_is_exempt_in_its_own_set():
    rules = base(5432, ["192.0.2.7", "2001:db8::7"])
    assert "set exempt4 { type ipv4_addr; flags interval; elements = { 192.0.2.7 } }" in rules
    assert "set exempt6 { type ipv6_addr; flags interval; elements = { 2001:db8::7 } }" in rules


GOOD = {
    "server": SERVER,
    "term": 20,
    "drift": 1,
    "renew": 4,
    "places": {
        name: {
            "url": "http://127.0.0.1",
            "bucket": "b",
            "region": "r",
            "access_key": "env:K",
            "secret_key": "env:K",
        }
        for name in ("north", "south", "witness")
    },
    "way": {"nft": {"port": 5432}},
}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"term": "long"}, "could not convert"),
        ({"renew": 15}, "at least twice as long"),
        ({"places": {}}, "there are 0 places"),
        ({"way": {}}, "'nft' is missing"),
        ({"server": None, "places": None}, "no attribute"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_and_say_where_to_look(tmp_path, monkeypatch, wrong, says):
    monkeypatch.setenv("K", "secret")
    file = tmp_path / "guard.json"
    file.write_text(json.dumps(GOOD | wrong))
    with pytest.raises(SettingsWrong, match=says) as refusal:
        read_settings(file)
    assert "docs/lease.md" in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.slow  # starts a Python
def test_the_program_says_what_is_wrong_and_ends_with_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "connectors.guard", str(tmp_path / "none.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "none.json" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


@pytest.mark.slow  # starts a Python
def test_it_needs_no_package():
    """Beside the database stands Python, and nothing of ours but these sources."""
    code = (
        "import sys; import connectors.guard.guard; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    ours = {"connectors", "seawall"}
    assert set(done.stdout.split()) - ours <= sys.stdlib_module_names | {"__main__", "sys"}
