"""Right target or no command: whatever about a target is another than the inventory says, nothing is changed."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.errors import ExitCode
from seawall.run_folder import read_state
from tests.end_to_end.scene import OTHER, Scene, outcome, until

pytestmark = pytest.mark.lab

Hosts = dict[str, Any]


def another_key(hosts: Hosts, was: str) -> str:
    """The machine at that address shows another key: it is another machine."""
    key = hosts[f"{was}-db"]["host_key"]
    hosts[f"{was}-db"]["host_key"] = f"{key[:-8]}AAAAAAAA"
    return "the host key is ssh-ed25519 SHA256:"


def another_name(hosts: Hosts, was: str) -> str:
    """The machine calls itself something else."""
    hosts[f"{was}-db"]["hostname"] = "east-db"
    return f"calls itself {was}-db, expected east-db"


def another_place(hosts: Hosts, was: str) -> str:
    """The right records, but in a server that stands in another folder: a restored copy, say."""
    hosts[f"{was}-db"]["postgres"]["login"]["data_directory"] = "/srv/scratch/login"
    return "expected /srv/scratch/login"


def another_database(hosts: Hosts, was: str) -> str:
    """At the right addresses stands a database with other records in it."""
    for site in OTHER:
        hosts[f"{site}-db"]["postgres"]["login"]["system_identifier"] = "7000000000000000000"
    return "expected 7000000000000000000"


def exchanged(hosts: Hosts, was: str) -> str:
    """The addresses of the two sites stand at each other's place."""
    here, there = hosts[f"{was}-db"], hosts[f"{OTHER[was]}-db"]
    for key in ("address", "port"):
        here[key], there[key] = there[key], here[key]
    ours, theirs = here["postgres"]["login"], there["postgres"]["login"]
    ours["port"], theirs["port"] = theirs["port"], ours["port"]
    return f"cluster name is login-{was}, expected login-{OTHER[was]}"


NOTICED_BY_THE_FENCE = (another_key, another_name, another_place)
NOTICED_BY_THE_PLAN = (another_database, exchanged)
"""The standby is another one too, and the plan rests on that."""


@pytest.fixture
def misled(scene: Scene, tmp_path: Path) -> Callable[[Callable[[Hosts, str], str]], tuple[Scene, str]]:
    """The same lab, and a city that has one thing about it wrong."""

    def make(wrong: Callable[[Hosts, str], str]) -> tuple[Scene, str]:
        city = tmp_path / "misled"
        shutil.copytree(scene.city, city, ignore=shutil.ignore_patterns("runs"))
        file = city / "inventory" / "hosts.yaml"
        sections = yaml.safe_load(file.read_text(encoding="utf-8"))
        expected = wrong(sections["hosts"], scene.primary())
        file.write_text(yaml.safe_dump(sections), encoding="utf-8")
        return dataclasses.replace(scene, city=city), expected

    return make


@pytest.mark.parametrize("wrong", NOTICED_BY_THE_FENCE, ids=lambda one: one.__name__)
def test_a_failover_refuses_a_target_that_is_another(scene: Scene, misled, wrong):
    was = scene.primary()
    before = [scene.database(site) for site in OTHER]
    there, expected = misled(wrong)
    command, run = there.move(OTHER[was], "disaster")
    there.allow(run)
    said = command.ended()
    state = read_state(run)
    assert (said.code, outcome(run)) == (ExitCode.FAILED, "failed"), said.all
    assert expected in " ".join(said.out.split())
    assert [one.failure.error for one in state.steps.values() if one.failure] == ["WrongTarget"]
    assert list(state.changed) == []
    assert [scene.database(site) for site in OTHER] == before
    assert not scene.marked_as_standby(was)
    until(
        scene.is_whole, "users served as before"
    )  # a guard that saw its lease revoked sees that it was granted again
    scene.check_serves(was)


@pytest.mark.parametrize("wrong", NOTICED_BY_THE_PLAN, ids=lambda one: one.__name__)
def test_no_failover_is_begun_to_a_server_that_is_another(scene: Scene, misled, wrong):
    was = scene.primary()
    before = [scene.database(site) for site in OTHER]
    there, expected = misled(wrong)
    assert expected in there.refused(
        "postgres-failover", "service=login", f"to={OTHER[was]}", "mode=disaster"
    )
    assert [scene.database(site) for site in OTHER] == before
    assert not scene.marked_as_standby(was)
    scene.check_serves(was)


def test_a_city_whose_two_servers_are_one_is_no_city(misled):
    def the_same(hosts: Hosts, was: str) -> str:
        here, there = hosts[f"{was}-db"], hosts[f"{OTHER[was]}-db"]
        there["address"], there["port"] = here["address"], here["port"]
        return "one cannot be told from the other"

    there, expected = misled(the_same)
    said = there.seawall("run", "postgres-failover", "service=login", "--yes", "login")
    assert said.code == ExitCode.BAD_INPUT
    assert expected in " ".join(said.err.split())
    assert there.known() == set()
