"""docs/tutorial.md, carried out word by word: every block in order, in a clean folder, on a lab of its own.

Left out is only what makes the environment; put in are a folder and ports of this test's own, and the yes of a person.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from itertools import islice
from pathlib import Path

import pytest

from drills.lab.errors import LabError
from drills.lab.ports import ports_from
from tests.own_folders import a_lab_folder

pytestmark = [pytest.mark.lab, pytest.mark.slow]

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
LAB, WORK, FIRST = "/var/tmp/first-drill", "~/first-drill", 14000
PORTS = 60
AT_MOST = 240.0
CONSOLE = "seawall console --port 0\n"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)


def free_base() -> int:
    for base in range(15_000 + os.getpid() % 40 * 100, 20_000, 100):
        try:
            list(islice(ports_from(base), PORTS))
        except LabError:
            continue
        return base
    raise AssertionError


@pytest.fixture
def lab_folder():
    with a_lab_folder() as folder:
        yield folder


@pytest.fixture
def environment(tmp_path):
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SEAWALL_", "PREFECT_"))
    }
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    return {**kept, "PATH": path, "HOME": str(tmp_path), "COLUMNS": "100", "SEAWALL_AS": "anna"}


def put_here(text: str, lab: Path, work: Path, base: int) -> str:
    """Put folders and ports of one's own in. The ports first: a folder here may have such a number in its name."""
    text = re.sub(rf"\b{FIRST // 1000}(\d\d\d)\b", lambda port: str(base + int(port[1])), text)
    return text.replace(LAB, str(lab)).replace(WORK, str(work))


def carried_out(script: str, folder: Path, environment: dict[str, str]) -> str:
    """Let one bash do it all, as a person's terminal would; the first command that ends otherwise than well ends it."""
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail"],
        input=script.encode(),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=AT_MOST,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said
    return said


def test_whoever_follows_it_holds_their_first_drill(lab_folder, tmp_path, environment):
    install, *steps = blocks()
    assert install.startswith("git clone ")
    text = put_here("".join(steps), lab_folder, tmp_path / "first-drill", free_base())
    text = re.sub(r"^(seawall fill .* --ask)$", r"\1 --yes", text, flags=re.MULTILINE)
    until_console, ended, after = text.partition(CONSOLE)
    assert ended

    said = carried_out(until_console, tmp_path, environment)

    city = tmp_path / "first-drill" / "my-city"
    shown = " ".join(said.split())
    for promised in (
        "Made my-city",
        "20 gaps: not written down yet, and no mistake",
        "No mistakes",
        "Passed",
    ):
        assert f"`{promised}" in TUTORIAL
        assert promised in shown
    assert "10 gaps left" in TUTORIAL
    assert "10 gaps: not written down yet, and no mistake" in shown
    assert "but five warnings" in TUTORIAL
    assert len(re.findall(r"^warning ", said, re.MULTILINE)) == 5
    assert shown.count("NOT WELL") == shown.count("NOT KNOWN") == 0
    assert "PRØVE / TEST: 1 message, to 1 person" in shown
    assert "0 missing, 0 not known" in shown
    assert 'lang="da"' in (city / "first-drill.html").read_text(encoding="utf-8")
    assert "ØVELSE" in page_of_the_console(city, environment)
    assert "is down: no program of it is left" in carried_out(
        after, city, environment | {"SEAWALL_LAB": str(lab_folder)}
    )


def page_of_the_console(city: Path, environment: dict[str, str]) -> str:
    """Open the address that the console prints, then press Ctrl-C."""
    console = subprocess.Popen(
        ["seawall", "console", "--port", "0"],
        cwd=city,
        env=environment,
        stdout=subprocess.PIPE,
        start_new_session=True,
        executable=shutil.which("seawall", path=environment["PATH"]),
    )
    try:
        assert console.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", console.stdout.readline().decode())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}da/", timeout=60) as page:
            text: str = page.read().decode()
        console.send_signal(signal.SIGINT)
        assert console.wait(timeout=60) == 0
    finally:
        console.kill()
        console.communicate()
    return text


def test_a_folder_with_the_number_of_a_port_in_its_name_stays_the_same_folder():
    """A process's number may be one of the tutorial's ports: its lab was then looked for where there was none."""
    lab, work = Path("/var/tmp/sw-test-14682-x"), Path("/tmp/pytest-14000/first-drill")
    said = put_here(f"lab up --lab {LAB} --first-port 14000; cd {WORK}; psql -p 14017", lab, work, 15200)
    assert said == f"lab up --lab {lab} --first-port 15200; cd {work}; psql -p 15217"


def test_it_says_what_it_took_and_names_no_place_of_ours():
    assert re.search(r"^Counted: \d+ minutes", TUTORIAL, re.MULTILINE)
    assert f"pasting {len(blocks())} blocks" in TUTORIAL
    assert "ADDRESS" in blocks()[0]
