"""Secrets that a run's steps will ask for and nobody can read here are said before it is opened, all at once."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import drills
from connectors.secrets import Secrets
from connectors.world import memory_world
from console.terminal.main import run_command_line
from console.terminal.surroundings import Surroundings, standing_in
from seawall.actions import World
from seawall.errors import ExitCode
from seawall.loading import City

KEY = "file:/etc/seawall/keys/id_ed25519"
LOGIN, REPLICATOR, POWER = "LOGIN_PASSWORD", "LOGIN_REPLICATOR_PASSWORD", "POWER_PASSWORD"
PLACES = [
    f"{site}_STORE_{kind}_KEY" for site in ("NORTH", "SOUTH", "WITNESS") for kind in ("ACCESS", "SECRET")
]
"""Of the three places, at which the lease of a database stands."""
FAILOVER = ("postgres-failover", "service=login", "to=south")


@dataclass
class Terminal:
    """Havnby in memory, where only what is in `environment` can be read."""

    city: Path
    capsys: Any
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str) -> tuple[int, str]:
        def world(city: City) -> World:
            return World(*memory_world(city.inventory).connectors, vault=Secrets(self.environment))

        self.capsys.readouterr()
        with standing_in(Surroundings(open_world=world)):
            code = run_command_line([*words])
        out, err = self.capsys.readouterr()
        return code, " ".join(f"{out} {err}".split())

    def run(self, *words: str) -> tuple[int, str]:
        return self("run", *words, "--yes", "login", "--without-prefect")

    def set(self, *names: str) -> None:
        self.environment |= {f"SEAWALL_{name}": f"canary-{name.lower()}" for name in names}

    @property
    def runs(self) -> list[str]:
        folder = self.city / "runs"
        return sorted(one.name for one in folder.glob("2*")) if folder.is_dir() else []

    def with_key_in(self, file: Path) -> None:
        hosts = self.city / "inventory" / "hosts.yaml"
        file.write_text("a key\n")
        file.chmod(0o600)
        hosts.write_text(hosts.read_text().replace(KEY, f"file:{file}"))


@pytest.fixture
def terminal(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    city = tmp_path / "city"
    root = Path(drills.__file__).parent
    shutil.copytree(root / "city", city)
    # Whoever would be asked answers at once or not at all, should a run be opened that must not be.
    failover = (
        (root.parent / "runbooks" / "postgres-failover.yaml")
        .read_text()
        .replace("within: 10m", "within: 5ms")
    )
    (city / "runbooks").mkdir(exist_ok=True)
    (city / "runbooks" / "postgres-failover.yaml").write_text(failover)
    for name, value in {"SEAWALL_CITY": str(city), "SEAWALL_AS": "anna", "SEAWALL_LANGUAGE": "en"}.items():
        monkeypatch.setenv(name, value)
    return Terminal(city, capsys)


def test_every_secret_that_cannot_be_read_is_said_at_once_and_nothing_is_opened(terminal: Terminal):
    code, said = terminal.run(*FAILOVER)
    assert code == ExitCode.BAD_INPUT
    for reference in (KEY, *(f"env:SEAWALL_{name}" for name in (LOGIN, "DNS_KEY", "SLACK_TOKEN"))):
        assert f"{reference}: " in said
    assert "standby-is-fit, fence, promote, users-let-in ask for it" in said
    assert "nothing was changed" in said
    assert terminal.runs == []


def test_only_what_is_missing_is_said_and_what_is_there_is_never_shown(terminal: Terminal, tmp_path: Path):
    terminal.set(LOGIN, "DNS_KEY", POWER)
    terminal.with_key_in(tmp_path / "key")
    code, said = terminal.run(*FAILOVER)
    assert code == ExitCode.BAD_INPUT
    assert "SEAWALL_SLACK_TOKEN is not set; tell-on-slack asks for it" in said
    assert "canary" not in said
    assert LOGIN not in said


def test_a_secret_for_which_there_is_another_way_is_a_warning(terminal: Terminal, tmp_path: Path):
    terminal.set(LOGIN, "DNS_KEY", "SLACK_TOKEN", *PLACES)
    terminal.with_key_in(tmp_path / "key")
    code, said = terminal("run", *FAILOVER, "--yes", "not-login", "--without-prefect")
    assert "Secrets that cannot be read here: 1" in said
    assert "'not-login' was given" in said, "it was asked whether it is meant, and so was not refused before"
    assert "SEAWALL_POWER_PASSWORD is not set; fence asks for it, and can go another way" in said
    code, told = terminal("plan", *FAILOVER, "--json")
    (unread,) = json.loads(told)["secrets_unread"]
    assert (code, unread["steps"], unread["other_way"]) == (ExitCode.DONE, ["fence"], True)


def test_it_can_be_opened_all_the_same(terminal: Terminal):
    code, said = terminal.run("notify", "service=login")
    assert code == ExitCode.BAD_INPUT
    command = said.partition("or let those steps fail: seawall run ")[2].rstrip(". ").split()
    assert command == ["notify", "service=login", "--without-secrets"]
    code, said = terminal.run(*command)
    assert code == ExitCode.DONE
    assert "Secrets that cannot be read here: 1" in said
    assert len(terminal.runs) == 1


def test_a_run_already_under_way_is_taken_up_whatever_can_be_read(terminal: Terminal, open_notify: None):
    (run,) = terminal.runs
    code, said = terminal("resume", run, "--without-prefect")
    assert code == ExitCode.DONE
    assert "cannot be read" not in said


@pytest.fixture
def open_notify(terminal: Terminal) -> None:
    """A run of `notify`, opened and driven by nobody."""
    from datetime import UTC, datetime

    from console.terminal.desk import Desk
    from console.terminal.thinking import think
    from seawall.run_folder import create_run

    desk = Desk.at(terminal.city)
    world = memory_world(desk.city.inventory)
    plan, _ = think(desk, world, "notify", {"service": "login"}, exercise=False)
    create_run(desk.runs, plan, by="anna", version="0", now=datetime.now(UTC))


@pytest.mark.parametrize("command", ["plan", "pretend"])
def test_plan_and_pretend_warn_and_go_on(terminal: Terminal, command: str):
    code, said = terminal(command, *FAILOVER)
    assert code == ExitCode.DONE
    assert "Secrets that cannot be read here: 11" in said
    code, told = terminal(command, *FAILOVER, "--json")
    unread = json.loads(told)["secrets_unread"]
    assert [one["reference"] for one in unread if one["other_way"]] == [f"env:SEAWALL_{POWER}"]
    assert {one["reference"] for one in unread} >= {KEY, "env:SEAWALL_SLACK_TOKEN"}
    assert all(one["problem"] and one["remedy"] and one["steps"] for one in unread)


def test_what_is_only_pretended_asks_no_vault(terminal: Terminal):
    hosts = terminal.city / "inventory" / "hosts.yaml"
    hosts.write_text(hosts.read_text().replace("env:SEAWALL_SLACK_TOKEN", "vault:secret/slack#token"))
    assert "vault:" not in terminal("pretend", "notify", "service=login")[1]
    assert (
        "vault:secret/slack#token: no vault server is set" in terminal("plan", "notify", "service=login")[1]
    )


def test_a_step_that_is_left_out_asks_for_nothing(terminal: Terminal):
    people = terminal.city / "inventory" / "people.yaml"
    people.write_text("\n".join(one for one in people.read_text().splitlines() if "slack:" not in one))
    _, told = terminal("plan", "notify", "service=login", "--json")
    assert json.loads(told)["secrets_unread"] == []
