"""What is said about Seawall is so: commands that are shown exist, folders explain themselves, words are explained."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from console.terminal.main import program

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("seawall", "connectors", "flows", "runbooks", "drills", "console", "console/web", "drills/city")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(page: Path) -> Iterator[str]:
    """Every whole `seawall ...` line of the page's console blocks, as a person would type it."""
    for language, block in FENCE.findall(page.read_text()):
        if language in {"console", "sh", "bash", ""}:
            for line in block.splitlines():
                typed = line.strip().removeprefix("$ ").partition("  #")[0]
                if typed.startswith("seawall "):
                    yield typed


SAID = [pytest.param(line, id=f"{shown(page)}: {line}") for page in PAGES for line in commands(page)]


@cache
def top() -> Any:
    """The whole program, with every command in it."""
    return typer.main.get_command(program())


def examples(command: Any) -> Iterator[str]:
    """Every `seawall ...` line of the help of a command and of those below it."""
    for line in (command.help or "").splitlines():
        typed = line.strip().partition("  #")[0].partition(" > ")[0].partition(" | ")[0].partition(" && ")[0]
        if typed.startswith("seawall "):
            yield typed
    for one in getattr(command, "commands", {}).values():
        yield from examples(one)


SHOWN_BY_HELP = list(examples(top()))


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that these words lead to, and what is left for it. Raises: KeyError."""
    command = top()
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def parsed(line: str) -> None:
    """Read a command line as the program would, and go no further."""
    command, words = leaf(shlex.split(line)[1:])
    command.make_context("seawall", list(words), resilient_parsing=False)


@pytest.mark.parametrize("line", [*SAID, *SHOWN_BY_HELP])
def test_a_command_that_is_shown_can_be_typed(line):
    try:
        parsed(line.replace("...", ""))
    except typer.Exit:  # --help and --version end the reading, and are there
        return


def test_commands_are_shown():
    assert len(list(commands(README))) >= 8
    assert len(SHOWN_BY_HELP) >= 40


@pytest.mark.parametrize(
    "line",
    ["seawall rum notify", "seawall run notify --yess login", "seawall lab up --citty x", "seawall plan"],
)
def test_a_command_that_cannot_be_typed_is_noticed(line):
    with pytest.raises(Exception, match=r".") as noticed:
        parsed(line)
    assert not isinstance(noticed.value, typer.Exit)


def test_what_the_program_tells_people_to_type_is_there():
    """Remedies and next steps, wherever they stand in the sources."""
    named = {
        word
        for package in ("seawall", "connectors", "flows", "drills", "console", "runbooks")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".yaml", ".j2", ".md"}
        for word in re.findall(r"[`\"]seawall ([a-z][a-z-]+)\b", path.read_text())
    }
    assert named <= set(top().commands)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_what_a_page_links_to_is_there(page):
    targets = [one for one in LINK.findall(page.read_text()) if "://" not in one]
    assert [one for one in targets if not (page.parent / one).exists()] == []


def test_every_page_that_the_program_names_is_there():
    named = {
        one
        for path in (*ROOT.glob("console/**/*.py"), *ROOT.glob("seawall/**/*.py"))
        for one in re.findall(r"docs/[\w/-]+\.md", path.read_text())
    }
    assert [one for one in sorted(named) if not (ROOT / one).exists()] == []


def test_the_readme_is_read_in_one_go():
    assert len(README.read_text().splitlines()) < 150


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_belongs_there(folder):
    lines = (ROOT / folder / "README.md").read_text().splitlines()
    assert 3 <= len(lines) <= 15


def test_every_package_is_among_those_folders():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"runbooks"}
    assert packages <= set(FOLDERS)


def glossary() -> dict[str, tuple[str, str]]:
    rows = [
        line.strip("| \n").split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()
    ]
    return {row[0].strip(): (row[1].strip(), row[2].strip()) for row in rows if len(row) == 3}


def test_every_word_is_explained_and_has_a_danish_one():
    words = glossary()
    assert [word for word, (danish, meaning) in words.items() if not danish or not meaning] == []
    wanted = {
        "inventory", "runbook", "action", "step", "plan", "approval", "run", "journal", "proof", "in doubt", "fence",
        "scenario", "drill", "ledger", "scorecard", "recovery times", "claim", "evidence", "expectation", "fact",
        "undo", "world", "hands", "probe", "target",
    }  # fmt: skip
    assert wanted <= set(words)


def test_every_outcome_and_standing_a_person_reads_is_a_word_of_the_glossary():
    from seawall.journal import Outcome

    said = " ".join(meaning for _, meaning in glossary().values())
    assert [one.value for one in Outcome if one.value not in said] == []


def test_the_exit_codes_are_said_as_they_are():
    from seawall.errors import ExitCode

    said = dict(re.findall(r"^\| (\d) \| (.+) \|$", README.read_text(), re.MULTILINE))
    assert {int(code) for code in said} == {int(code) for code in ExitCode}
