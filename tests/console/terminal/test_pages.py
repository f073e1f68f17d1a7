"""A run tells the city on a page; an exercise never where the public looks; and no page holds a run up."""

from __future__ import annotations

import re

import pytest

from seawall.errors import ExitCode
from seawall.messages import MARK
from seawall.page.keeping import MARKED


def test_a_real_run_leaves_its_page_and_nothing_among_the_exercises(stage):
    stage("run", "blink", "--yes", "green")
    page = (stage.city / "pages" / f"{stage.run().id}.html").read_text()
    assert "VIRKELIG HÆNDELSE, ikke en øvelse" in page
    assert "Arbejdet er gjort færdigt" in page
    assert not (stage.city / "exercise-pages").exists()
    assert "could not be written" not in page


def test_an_exercise_never_touches_the_public_folder(stage):
    stage("run", "blink", "--yes", "green", "--exercise")
    assert not (stage.city / "pages").exists()
    (page,) = (stage.city / "exercise-pages").glob("*.html")
    assert page.name == f"{MARKED}{stage.run().id}.html"
    assert re.search(f"<title>{MARK}", page.read_text())


def test_a_run_that_waits_for_somebody_says_that_it_stands_still(stage):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    page = (stage.city / "pages" / f"{stage.run().id}.html").read_text()
    assert "Arbejdet står stille" in page
    assert "Arbejdet venter på indsatslederen" in page


@pytest.mark.parametrize("kind", ["a file where the folder should be", "a folder of root's"])
def test_a_page_that_cannot_be_written_stops_nothing_and_is_said_once(stage, kind):
    stage.write("pages", "in the way") if kind[2:6] == "file" else stage.write(
        "seawall.yaml", "pages: /proc/pages\n"
    )
    said = stage("run", "blink", "--yes", "green")
    assert said.code == ExitCode.DONE
    assert said.out.count("could not be written") == 1
    assert stage.lit("green")


def test_the_pages_can_be_read_by_a_web_server(stage):
    stage("run", "blink", "--yes", "green")
    (page,) = (stage.city / "pages").glob("*.html")
    assert page.stat().st_mode & 0o777 == 0o644
    assert page.parent.stat().st_mode & 0o777 == 0o755
