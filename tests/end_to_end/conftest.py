"""The lab's city for whole stories; every story leaves the lab as it found it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.lab.layout import LabLayout
from seawall.loading import load_inventory

pytest.register_assert_rewrite("tests.end_to_end.scene", "tests.end_to_end.answering")

from tests.end_to_end.cities import changed, write_city_of_stories  # noqa: E402 - the same
from tests.end_to_end.scene import Scene, until  # noqa: E402 - after the line that makes its asserts tell what they saw

WITHIN = {
    "standby": "10s",
    "distance": "10s",
    "standby-is-fit": "10s",
    "fence": "8s",
    "standby-has-everything": "15s",
    "promote": "8s",
    "repoint": "8s",
    "repoint-name": "8s",
    "old-follows": "40s",
}
"""Limits of this city's own failover: a change in doubt is settled only when its limit, and that of the longest look
before it, have passed. Stories wait that out, so each is as long as a busy machine takes and no longer.
"""
CAREFUL = "careful-failover"
"""A runbook of the city's own: as its failover, but somebody must say yes to the promotion too."""


@pytest.fixture(scope="session")
def city_of_stories(lab: LabLayout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference city on the lab, with a failover of its own that has shorter limits, and a careful one."""
    folder = tmp_path_factory.mktemp("stories") / "city"
    text = write_city_of_stories(lab, folder, WITHIN)
    text = changed(r"^runbook: .*$", f"runbook: {CAREFUL}", text)
    yes = "    approve: {by: incident-commander, within: 10m}\n"
    text = changed(r"(  - id: promote\n)", rf"\g<1>{yes}", text)
    (folder / "runbooks" / f"{CAREFUL}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def stage(lab: LabLayout, city_of_stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The lab's stage for the stories of one file; the primary is in the north when the file is over."""
    there = Scene(lab, city_of_stories, load_inventory(city_of_stories), tmp_path_factory.mktemp("said"))
    yield there
    there.bring_home()


@pytest.fixture
def scene(stage: Scene, tmp_path: Path) -> Iterator[Scene]:
    """One primary, wherever it is, and the other following it; so they are again when the story is over."""
    there = dataclasses.replace(stage, folder=tmp_path, commands=[])
    until(there.is_whole, "a lab that is whole")
    yield there
    if not there.is_whole():
        there.bring_home()
