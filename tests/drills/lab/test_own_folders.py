"""What the tests themselves remove: only what nobody holds, and nothing of a session that runs beside this one."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from tests.own_folders import LEFT_AFTER, a_lab_folder, take_down_what_was_left

pytestmark = pytest.mark.slow  # loads the lab


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A folder whose process is not to be seen from here: it was killed, or is in another namespace."""
    folder = tmp_path / "sw-test-0-abc"
    folder.mkdir()
    long_ago = time.time() - LEFT_AFTER - 60
    os.utime(folder, (long_ago, long_ago))
    return folder


def test_what_a_killed_test_left_is_removed(left: Path) -> None:
    take_down_what_was_left(left.parent)
    assert not left.exists()


def test_what_somebody_holds_is_left_to_them_however_old_it_is(left: Path) -> None:
    handle = os.open(left, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        take_down_what_was_left(left.parent)
    finally:
        os.close(handle)
    assert left.exists()


def test_what_is_young_or_has_a_living_process_is_left_alone(left: Path) -> None:
    os.utime(left)
    alive = left.rename(left.with_name(f"sw-test-{os.getpid()}-abc"))
    young = left.with_name("sw-test-0-young")
    young.mkdir()
    os.utime(alive, (0, 0))
    take_down_what_was_left(left.parent)
    assert alive.exists()
    assert young.exists()


def test_a_labs_folder_is_held_while_its_test_lives_and_gone_after_it(tmp_path: Path) -> None:
    with a_lab_folder(tmp_path) as folder:
        handle = os.open(folder, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
    assert not folder.exists()
