"""The environment is what pyproject.toml, requirements.lock and docs/dependencies.md say together."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS = ("seawall", "connectors", "flows", "drills", "console", "runbooks", "bench")
ENTRY = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)(?P<marker>\s*;[^\\]+)?", re.MULTILINE
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")


def lock_text() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def lock_entries() -> list[str]:
    """Each locked package with its hashes, comments and continuation lines joined to it."""
    lines = [line for line in lock_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [entry.strip() for entry in re.split(r"\n(?=\S)", "\n".join(lines))]


def locked() -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for entry in lock_entries():
        if found := ENTRY.match(entry):
            versions.setdefault(canonicalize_name(found["name"]), set()).add(found["version"])
    return versions


def named_in_pyproject() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [
        Requirement(text) for text in (*project["dependencies"], *(one for extra in extras for one in extra))
    ]


def as_written(wanted: Requirement) -> str:
    return f"{wanted.name}[{','.join(sorted(wanted.extras))}]" if wanted.extras else wanted.name


def dependency_rows() -> list[tuple[str, str, str]]:
    """Package, version and reason of every row in docs/dependencies.md."""
    rows = []
    for line in (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and cells[0] != "package" and not set(cells[0]) <= set("-:"):
            rows.append((cells[0], cells[1], cells[2]))
    return rows


def test_every_locked_package_is_pinned_and_hashed() -> None:
    entries = lock_entries()
    assert len(entries) > 50
    assert [
        entry.splitlines()[0] for entry in entries if not (ENTRY.match(entry) and HASH.search(entry))
    ] == []


def test_the_lock_names_no_index_and_no_machine() -> None:
    lines = lock_text().splitlines()
    forbidden = re.compile(r"://|^\s*(-i|-f|-e|--(index|extra|find|trusted|editable)\S*)\b|@ |(^|\s)/\w")
    assert [line for line in lines if forbidden.search(line)] == []


def test_the_lock_satisfies_pyproject() -> None:
    versions = locked()
    unmet = [
        str(wanted)
        for wanted in named_in_pyproject()
        if not (found := versions.get(canonicalize_name(wanted.name)))
        or not all(wanted.specifier.contains(one, prereleases=True) for one in found)
    ]
    assert unmet == []


def test_the_environment_has_the_locked_versions() -> None:
    versions = locked()
    strays = {
        wanted.name: version(wanted.name)
        for wanted in named_in_pyproject()
        if version(wanted.name) not in versions[canonicalize_name(wanted.name)]
    }
    assert strays == {}, "run `make env`"


def test_dependencies_md_lists_exactly_what_pyproject_names() -> None:
    rows = [name for name, _, _ in dependency_rows()]
    names = [as_written(wanted) for wanted in named_in_pyproject()]
    assert sorted(rows) == sorted(names)
    assert [name for name, _, why in dependency_rows() if not why] == []


def test_dependencies_md_gives_the_locked_versions() -> None:
    versions = locked()
    said = {name: set(pinned.split(", ")) for name, pinned, _ in dependency_rows()}
    wrong = {
        name: pins
        for name, pins in said.items()
        if pins != versions[canonicalize_name(Requirement(name).name)]
    }
    assert wrong == {}


def test_the_project_is_never_uploaded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in project["classifiers"]


@pytest.mark.prefect
def test_the_prefect_server_can_be_imported() -> None:
    # In a process of its own: the server's import reads settings and registers signal handlers.
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "import prefect.server.api.server as server; print(callable(server.create_app))",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.strip() == "True", ended.stderr


def test_our_top_level_names_are_ours_alone() -> None:
    providers = packages_distributions()
    taken = {name: set(providers.get(name, ())) - {"seawall"} for name in OURS}
    assert {name: others for name, others in taken.items() if others} == {}
