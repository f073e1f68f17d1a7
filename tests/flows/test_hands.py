"""Hands made of Prefect tasks: whatever Prefect does, each call is made, once, and its ending comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seawall.actions import World
from seawall.attempt import CallToMake, Ending
from seawall.decide import StepCall, Way
from seawall.journal import Failed, NotNeeded, Settled, Succeeded
from tests.flows.town import a_step, lines, now, town

if TYPE_CHECKING:
    from flows.hands import PrefectHands

pytestmark = pytest.mark.prefect
NOBODY = "http://127.0.0.1:9/api"


def hands_in(world: World) -> PrefectHands:
    from flows.hands import PrefectHands  # loads Prefect, and `make` need not

    return PrefectHands(world, now)


def prefect_at(url: str | None) -> AbstractContextManager[Any]:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    return temporary_settings({PREFECT_API_URL: url})


def the_call(name: str, book: Path, way: Way = Way.ACT) -> CallToMake:
    return CallToMake(StepCall(a_step(name, book), way, 1), "run", True, {})


def endings(hands: PrefectHands, count: int) -> Iterable[Ending]:
    deadline = time.monotonic() + 60
    while count:
        assert time.monotonic() < deadline, f"{count} endings did not come"
        if (ending := hands.next(timedelta(milliseconds=20))) is not None:
            count -= 1
            yield ending


def test_a_call_is_made_although_prefect_refuses_its_task(tmp_path: Path) -> None:
    with town() as world, prefect_at(None):
        hands = hands_in(world)
        hands._patience = 60.0
        hands.start(the_call("dig", tmp_path / "book"))
        (ending,) = endings(hands, 1)

    assert isinstance(ending, Succeeded)
    assert lines(tmp_path / "book") == ["dig"]
    assert hands.notes == ["dig: ValueError in Prefect"]


def test_a_call_is_made_once_although_prefect_comes_to_it_late(tmp_path: Path) -> None:
    book = tmp_path / "book"
    with town() as world, prefect_at(NOBODY):
        hands = hands_in(world)
        hands._patience = 0.0
        for n in range(20):
            hands.start(the_call(f"dig-{n}", book))
        assert len(list(endings(hands, 20))) == 20
        assert hands.close(timedelta(seconds=60))
        assert hands.next(timedelta()) is None

    assert sorted(lines(book)) == sorted(f"dig-{n}" for n in range(20))
    assert any("late" in note for note in hands.notes)


def test_a_prefect_that_hangs_is_given_no_more_tasks(tmp_path: Path) -> None:
    from flows.hands import RECORDS_AT_MOST

    with town() as world, prefect_at(NOBODY):
        hands = hands_in(world)
        hands._records.update(threading.Thread() for _ in range(RECORDS_AT_MOST))
        hands.start(the_call("dig", tmp_path / "book"))
        (ending,) = endings(hands, 1)

    assert isinstance(ending, Succeeded)
    assert len(hands._records) == RECORDS_AT_MOST


def test_a_driver_that_was_stopped_starts_nothing_more(tmp_path: Path) -> None:
    with town() as world:
        hands = hands_in(world)
        hands.stop()
        with pytest.raises(KeyboardInterrupt):
            hands.start(the_call("dig", tmp_path / "book"))
        with pytest.raises(KeyboardInterrupt):
            hands.next(timedelta())

    assert lines(tmp_path / "book") == []


FAILED = Failed(at=now(), step="s", attempt=1, error="E", where="w", problem="p", remedy="r", acted=False)


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Succeeded(at=now(), step="s", attempt=1, seen=None, summary=""), ("COMPLETED", "Completed")),
        (NotNeeded(at=now(), step="s", attempt=1, because=""), ("COMPLETED", "NotNeeded")),
        (FAILED, ("FAILED", "Failed")),
        (FAILED.model_copy(update={"acted": None}), ("FAILED", "InDoubt")),
        (None, ("FAILED", "InDoubt")),
    ],
)
def test_prefect_shows_what_became_of_a_call(ending: Ending | None, state: tuple[str, str]) -> None:
    from flows.hands import shown

    assert (shown(ending).type.value, shown(ending).name) == state


@pytest.mark.parametrize(("happened", "name"), [(True, "Settled"), (False, "Settled"), (None, "Unknown")])
def test_prefect_shows_what_a_proof_could_tell(happened: bool | None, name: str) -> None:
    from flows.hands import shown

    told = Settled(at=now(), step="s", attempt=1, looked_at=now(), happened=happened, because="")

    assert shown(told).name == name
