"""What an operator needs on a machine with only a go-bag: every such command takes it, and names the next one so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from console.terminal.from_go_bag import KNOWN_TO
from console.terminal.main import program
from seawall.errors import ExitCode
from seawall.freezing import freezes_here
from tests.console.terminal.bags import Bags

COMMANDS: Mapping[str, Any] = typer.main.get_command(program()).commands  # type: ignore[attr-defined]
DOCS = Path(__file__).parents[3] / "docs" / "go-bag.md"
AT_HOME = {
    "action": "a city's own commands are reviewed where its files are kept",
    "check": "a go-bag is checked when it is made",
    "codes": "sheets of codes are printed beforehand",
    "console": "it shows a city's folder; SEAWALL_GO_BAG for who wants it all the same",
    "demo": "it has a city of its own",
    "drill": "a drill needs the lab",
    "fill": "it writes a city's files",
    "go-bag": "it names the file as it is",
    "init": "it makes a city's folder",
    "lab": "it has a city of its own",
    "merge": "it brings runs home",
    "review": "it is given at home, afterwards",
    "schema": "it describes files",
    "serve": "nothing runs by itself from a go-bag",
    "verify-backups": "it restores whole backups, which no machine of a rescuer has room for",
}
"""Commands that take none, and why."""


def options_of(name: str) -> Iterator[set[str]]:
    """Yield the options of a command, or of each of a group's."""
    found = COMMANDS[name]
    for one in getattr(found, "commands", {"": found}).values():
        yield {word for parameter in one.params for word in parameter.opts}


@pytest.mark.parametrize("name", sorted(KNOWN_TO))
def test_a_command_for_the_day_takes_a_go_bag_also_an_old_one_and_the_key_when_it_opens_secrets(
    name: str,
) -> None:
    wanted = {"--from-go-bag", "--although-old"} | ({"--unseal-with"} if KNOWN_TO[name] else set())
    for options in options_of(name):
        assert wanted <= options


@pytest.mark.parametrize("name", ["answer", "approve", "status"])
def test_what_opens_secrets_only_for_some_words_takes_the_key_too(name: str) -> None:
    (options,) = options_of(name)
    assert "--unseal-with" in options


def test_every_command_takes_a_go_bag_or_has_a_reason_not_to() -> None:
    assert set(COMMANDS) == set(KNOWN_TO) | set(AT_HOME)
    for name in AT_HOME:
        for options in options_of(name):
            assert "--from-go-bag" not in options


def test_the_page_about_go_bags_names_every_command_that_takes_one() -> None:
    text = DOCS.read_text(encoding="utf-8")
    told = text[text.index("Where Seawall is installed") :].partition("```")[0]
    assert {name for name in KNOWN_TO if f"`{name}`" not in told} == set()


@pytest.mark.slow
class TestWithoutACity:
    """Far from the city, with the file alone."""

    @pytest.fixture
    def away(self, bags: Bags, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bags:
        bags.stage.without_places()
        bags.have()
        monkeypatch.delenv("SEAWALL_CITY")
        monkeypatch.chdir(tmp_path)
        return bags

    @staticmethod
    def failed(away: Bags) -> None:
        """Have a run of the go-bag fail at one step, with another done."""
        runbook = away.stage.city / "runbooks"
        assert runbook.is_dir()
        said = away.stage("run", "blink", "lamp=broken", "--yes", "broken", "--from-go-bag", away.file)
        assert said.code == ExitCode.FAILED, said.out + said.err

    def test_a_failed_step_is_tried_again_and_skipped_there(self, away: Bags) -> None:
        self.failed(away)
        for word in ("retry", "skip"):
            said = away.stage(
                word, "last", "light", "--why", "to try", "--as", "commander", "--from-go-bag", away.file
            )
            assert said.code in (ExitCode.DONE, ExitCode.FAILED), said.err
            assert "--from-go-bag" in said.out.splitlines()[-1]

    def test_what_was_done_is_taken_back_there(self, away: Bags) -> None:
        assert away.stage("run", "blink", "--yes", "green", "--from-go-bag", away.file).code == ExitCode.DONE
        said = away.stage("undo", "last", "--yes", "green", "--from-go-bag", away.file)
        assert said.code == ExitCode.DONE, said.err
        assert not away.stage.lit("green")

    def test_a_freeze_is_made_seen_and_lifted_there(self, away: Bags) -> None:
        said = away.stage("freeze", "--why", "water", "--from-go-bag", away.file)
        assert said.code == ExitCode.DONE, said.err
        assert f"seawall status --from-go-bag {away.file}" in said.out
        runs = away.file.parent / "havnby-go-bag-work" / "runs"
        assert [one.why for one in freezes_here(runs)] == ["water"]
        assert not (away.stage.city / "runs").exists()
        assert "FROZEN" in away.stage("status", "--from-go-bag", away.file).out
        words = ("thaw", "--why", "dry", "--as", "commander", "--from-go-bag", away.file)
        assert away.stage(*words).code == ExitCode.DONE
        assert "FROZEN" not in away.stage("status", "--from-go-bag", away.file).out

    def test_the_situation_is_told_and_of_go_bags_the_one_in_use(self, away: Bags) -> None:
        told = json.loads(away.stage("status", "--json", "--from-go-bag", away.file).out)
        assert [(one["path"], one["changed"], one["problem"]) for one in told["go_bags"]] == [
            (str(away.file), [], None)
        ]
        # Nothing runs by itself there, and so nobody is told that nothing does.
        assert (told["serve"], told["schedules"]) == (None, [])
        assert all(f"--from-go-bag {away.file}" in one for one in told["next"] if "drill" not in one)

    def test_whom_to_ring_is_known_there(self, away: Bags) -> None:
        for words in (("person", "list"), ("person", "show", "commander"), ("duty",)):
            said = away.stage(*words, "--from-go-bag", away.file)
            assert said.code in (ExitCode.DONE, ExitCode.FAILED), said.err
            assert "commander" in said.out

    def test_what_only_looks_says_so_there_too(self, away: Bags) -> None:
        said = away.stage("doctor", "--within", "30", "--total", "300", "--json", "--from-go-bag", away.file)
        told = json.loads(said.out)
        assert not told["changed"]
        assert "schedules" not in {one["what"] for one in told["looks"]}
        assert [one["well"] for one in told["looks"] if one["what"] == f"go-bag {away.file}"] == [True]


@pytest.mark.slow
class TestSealed:
    """By the real program: what asks nobody outside takes no key, and what does says which key it takes."""

    @pytest.fixture
    def sealed(self, bags: Bags, monkeypatch: pytest.MonkeyPatch) -> Bags:
        monkeypatch.setenv("SEAWALL_LOGIN_PASSWORD", "kanarie-4711-hemmelig")
        bags.have()
        return bags

    def test_a_paper_is_printed_and_the_situation_told_with_no_key_at_hand(self, sealed: Bags) -> None:
        for words in (
            ("print", "login-to-south", "-o", str(sealed.folder / "x.html")),
            ("status",),
            ("person", "list"),
        ):
            said = sealed.away(*words, "--from-go-bag", sealed.file)
            assert said.code == ExitCode.DONE, said.err
        assert (sealed.folder / "x.html").is_file()

    def test_a_look_outside_with_no_key_at_hand_names_who_has_one(self, sealed: Bags) -> None:
        for words in (("status", "--look"), ("doctor",), ("watch",)):
            said = sealed.away(*words, "--from-go-bag", sealed.file)
            assert said.code == ExitCode.BAD_INPUT, words
            assert "they are sealed to commander" in said.err
