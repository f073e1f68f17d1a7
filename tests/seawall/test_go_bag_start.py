"""What Python runs when it is given a go-bag: checks, lays out, starts, clears away; here with small programs."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.go_bag.archive import pack, unpack
from seawall.go_bag.bag import write_bag
from seawall.go_bag.manifest import Software
from seawall.go_bag.software import starter, this_python
from tests.seawall.keys import ed25519_key
from tests.seawall.test_go_bag import a_manifest

pytestmark = pytest.mark.slow  # starts programs

MAIN = """
import json, os, sys, time
def main():
    told = {name: os.environ.get(name) for name in ("SEAWALL_GO_BAG", "SEAWALL_CALLED")}
    print(json.dumps({"args": sys.argv[1:], "isolated": sys.flags.isolated, "from": __file__, **told}), flush=True)
    if sys.argv[1:2] == ["wait"]:
        time.sleep(60)
    sys.exit(int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 0)
"""
Start = Callable[..., subprocess.CompletedProcess[str]]


def programs(text: str = MAIN) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, one in (
            ("console/__init__.py", ""),
            ("console/terminal/__init__.py", ""),
            ("console/terminal/main.py", text),
        ):
            archive.writestr(name, one)
    return content.getvalue()


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "a drawer"
    folder.mkdir()
    (tmp_path / "tmp").mkdir()
    members = {"software/seawall-0.zip": programs(), "__main__.py": starter()}
    path = folder / "city-go-bag.pyz"
    path.write_bytes(write_bag(a_manifest(members, software=this_python()), members, ed25519_key()))
    return path


@pytest.fixture
def start(bag: Path, tmp_path: Path) -> Start:
    """Start it in an environment that holds nothing but a folder for what is laid out."""

    def started(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(bag), *words],
            env={"TMPDIR": str(tmp_path / "tmp")},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return started


def left(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "tmp").iterdir())


def test_the_command_line_reaches_the_programs_that_came_with_it(start, bag, tmp_path):
    said = start("run", "a plan", "--x")
    assert (said.returncode, said.stderr) == (0, "")
    assert '"args": ["run", "a plan", "--x"]' in said.stdout
    assert f'"SEAWALL_GO_BAG": "{bag}"' in said.stdout
    assert f'"SEAWALL_CALLED": "python3 -I \'{bag}\'"' in said.stdout
    assert f'"from": "{tmp_path}/tmp/' in said.stdout
    assert '"isolated": 1' in said.stdout


def test_its_exit_code_is_theirs_and_nothing_is_left_behind(start, tmp_path):
    assert [start(code).returncode for code in ("0", "3", "5")] == [0, 3, 5]
    assert left(tmp_path) == []


def test_a_member_that_is_not_what_was_signed_starts_nothing(start, bag, tmp_path):
    members = dict(unpack(bag.read_bytes(), ""))
    members["software/seawall-0.zip"] = programs("def main(): print('EVIL')\n")
    bag.write_bytes(pack(members))
    said = start("run")
    assert said.returncode == 2
    assert "software/seawall-0.zip is not what was signed" in said.stderr
    assert "EVIL" not in said.stdout
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("python", "platform"), [("3.10", this_python().platform), (this_python().python, "linux-riscv64")]
)
def test_programs_for_another_python_or_machine_are_not_started(start, bag, python, platform):
    members = {"software/seawall-0.zip": programs(), "__main__.py": starter()}
    other = Software(python=python, platform=platform)
    bag.write_bytes(write_bag(a_manifest(members, software=other), members, ed25519_key()))
    said = start("run")
    assert said.returncode == 2
    assert f"carries programs for Python {python} on {platform}, and this is Python" in said.stderr


def test_laid_out_for_good_it_starts_from_there_whatever_the_folder_is_called(start, bag, tmp_path):
    tools = tmp_path / "my tools"
    assert start("lay", str(tools)).returncode == 0
    said = subprocess.run(
        [str(tools / "seawall"), "3"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 3
    assert f'"SEAWALL_GO_BAG": "{bag}"' in said.stdout
    assert f'"SEAWALL_CALLED": "\'{tools}/seawall\'"' in said.stdout
    again = start("lay", str(tools))
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_it_knows_its_python_where_there_is_no_path(bag, tmp_path):
    said = subprocess.run(
        ["python3", "-I", str(bag), "3"],
        executable=sys.executable,
        env={"TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 3, said.stderr


def test_what_ends_it_ends_the_programs_too_and_clears_away(bag, tmp_path):
    started = subprocess.Popen(
        [sys.executable, "-I", str(bag), "wait"],
        env={"TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert "wait" in started.stdout.readline()
    started.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert started.wait(30) != 0
    started.stdout.close()
    assert time.monotonic() - began < 30
    assert left(tmp_path) == []
