"""Secrets and people's data stay where they are: a whole drill under Prefect, and nothing of them anywhere after it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from drills.lab.layout import LabLayout
from flows.server import prefect_environment, prefect_server
from seawall.errors import ExitCode
from seawall.loading import load_inventory
from seawall.run_folder import read_state
from tests.end_to_end.awaiting import AWAITING
from tests.end_to_end.leaks import files_below, forms, leaks, people_of, processes_seen, secrets_of
from tests.end_to_end.scene import SEAWALL, Scene, until

pytestmark = [pytest.mark.lab, pytest.mark.prefect]


@dataclass(frozen=True)
class Story:
    """What was left behind by everything that was done, place by place."""

    scene: Scene
    places: Mapping[str, Mapping[str, bytes]]


ALONE = "--without-prefect"
"""For what Prefect need not see again: a start with it takes seconds, and the drill is under it."""
PLACES = ("runs", "reports", "drills", "pages", "said", "processes", "prefect", "messages", "logs")


@pytest.fixture(scope="module")
def story(lab: LabLayout, city_of_stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Look, plan, back up, verify, hold a drill, fail in some ways, and report it all, with Prefect looking on."""
    city = tmp_path_factory.mktemp("canary") / "city"
    shutil.copytree(city_of_stories, city, ignore=shutil.ignore_patterns("runs", "drills"))
    prefect, reports, said = (tmp_path_factory.mktemp(name) for name in ("prefect", "reports", "said"))
    with processes_seen() as processes, prefect_server(prefect) as url:
        client = {
            **prefect_environment(url),
            "PREFECT_HOME": str(prefect / "client"),
            "SEAWALL_PREFECT": "on",
        }
        scene = Scene(lab, city, load_inventory(city), said, more=client)
        succeed(scene, "check", "--json")
        succeed(scene, "doctor", "--json")
        succeed(scene, "plan", "postgres-failover", "service=login", "-o", str(reports / "plan.json"))
        succeed(scene, "plan", "verify-backup", "backup=login-nightly", "--json")
        succeed(scene, "run", "take-backup", "backup=login-nightly", "--yes", "login-nightly", ALONE)
        succeed(scene, "verify-backups", "login", "--yes", "login-nightly", "--json", ALONE)
        succeed(scene, "drill", "run", "planned-move", "--json", program=AWAITING)
        tell_with_wrong_secrets(scene, tmp_path_factory.mktemp("wrong") / "city")
        succeed(scene, "person", "list", "--json")
        succeed(scene, "duty")
        succeed(scene, "doctor", "--send-test", "--role", "duty-officer", "--yes")
        follow_a_supplier(scene)
        succeed(scene, "runs", "--json")
        for run in sorted(scene.known()):
            succeed(scene, "show", run, "--json")
            succeed(scene, "report", run, "--html", str(reports / f"{run}.html"))
        for run in [one for one in sorted(scene.known()) if "failover" in one or "notify" in one]:
            succeed(scene, "show", run)
            succeed(scene, "report", run, "--json")
            succeed(scene, "report", run, "--md", "--lang", "da")
            succeed(scene, "report", run, "-o", str(reports / f"{run}.sheets.html"))
    yield Story(
        scene,
        {
            "runs": files_below(city / "runs"),
            "reports": files_below(reports),
            "drills": files_below(city / "drills"),
            "pages": files_below(city / "pages", city / "exercise-pages"),
            "said": files_below(said),
            "processes": processes,
            "prefect": files_below(prefect),
            "messages": files_below(lab.mailbox) | {"slack": lab.slack_messages.read_bytes()},
            "logs": files_below(lab.places.logs),
        },
    )
    scene.bring_home()


def succeed(scene: Scene, *words: str, program: Sequence[str] = SEAWALL) -> None:
    said = scene.seawall(*words, program=program)
    assert said.code == ExitCode.DONE, (words, said.all)


ON_DUTY = ("--as", "duty-officer")


def follow_a_supplier(scene: Scene) -> None:
    """Ask a person to note a case number, and let them write a telephone number first; then stop it."""
    before = scene.known()
    following = scene.begin(
        "run", "supplier-outage", "service=citizen-register", "--yes", "citizen-register", ALONE
    )
    run = scene.opened(before, following)
    until(lambda: "call" in read_state(run).for_people and read_state(run).steps["call"].asked, "a question")
    refused = scene.seawall("answer", run.id, "call", "done", "--note", "ring +45 99 99 99 99", *ON_DUTY)
    assert refused.code == ExitCode.BAD_INPUT, refused.all
    succeed(scene, "answer", run.id, "call", "done", "--note", "SAG-4711", *ON_DUTY)
    scene.seawall("abort", run.id)
    following.ended()


def tell_with_wrong_secrets(scene: Scene, city: Path) -> None:
    """Fail in ways in which programs like to say what they tried: each secret stands in another's place."""
    shutil.copytree(scene.city, city, ignore=shutil.ignore_patterns("runs", "drills"))
    file = city / "inventory" / "hosts.yaml"
    sections: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    secret = scene.lab.credentials.ref
    sections["slack"]["token"] = secret("db_replicator")
    sections["zones"]["city.example"]["key"] = secret("slack_token")
    for name in ("north-db", "south-db"):
        sections["hosts"][name]["postgres"]["login"]["password"] = secret("power_password")
        sections["hosts"][name]["power"]["password"] = secret("db_app")
        sections["hosts"][name]["key"] = secret("tsig")
    for store in sections["stores"].values():
        store["secret_key"] = secret("db_postgres")
    file.write_text(yaml.safe_dump(sections), encoding="utf-8")
    wrong = dataclasses.replace(scene, city=city)
    words = ("notify", "service=login", "audience=on-call", "what=service-down")
    for command in (
        ("doctor", "--json", "--within", "5"),
        ("run", *words, "--yes", "login", "--exercise"),
        ("run", "postgres-failover", "service=login", "--yes", "login", "--exercise"),
        ("run", "take-backup", "backup=login-nightly", "--yes", "login-nightly", ALONE),
        ("run", "verify-backup", "backup=login-nightly", "--yes", "login-nightly", ALONE),
    ):
        said = wrong.seawall(*command)
        assert said.code != ExitCode.DONE, (command, said.all)
        assert said.code != ExitCode.BUG, (command, said.all)
    for run in (city / "runs").iterdir():
        if run.name[0] != ".":
            shutil.copytree(run, scene.runs / run.name)
    scene.commands.extend(one for one in wrong.commands if one not in scene.commands)


def test_there_was_something_to_find(story: Story):
    places = story.places
    assert set(places) == set(PLACES)
    assert all(places.values())
    outcomes = [one.rsplit("/", 1)[-1] for one in places["runs"]]
    assert outcomes.count("journal.jsonl") >= 8
    whole = b"".join(places["prefect"].values())
    drilled = [name for name in story.scene.known() if "failover" in name or "failback" in name]
    assert any(name.encode() in whole for name in drilled), "Prefect saw none of the runs"
    assert any("console.terminal.main" in one for one in places["processes"])
    assert any("postgres" in one for one in places["processes"])
    assert any(one.endswith("scorecard.html") for one in places["drills"])
    assert len(places["messages"]) > 2
    said = b"".join(places["said"].values())
    assert b"WrongTarget" in b"".join(places["runs"].values()) or b"refused" in said


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_gets_out(story: Story, place):
    assert leaks(secrets_of(story.scene.lab), story.places[place]) == []


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_anybody_gets_out(story: Story, place):
    wanted = people_of(story.scene.lab, story.scene.inventory)
    if place in {"messages", "logs"}:  # a letter names whom it is to, and so may the server that delivered it
        wanted = {name: text for name, text in wanted.items() if not name.endswith("address")}
    assert leaks(wanted, story.places[place]) == []


def test_the_search_finds_what_got_out(story: Story):
    wanted = secrets_of(story.scene.lab) | people_of(story.scene.lab, story.scene.inventory)
    assert {"db_seawall:0", "slack_token:0", "ssh_key:1", "citizen", "second-on-call's telephone"} <= set(
        wanted
    )
    for name, text in wanted.items():
        for form in forms(text):
            assert f"{name} in here" in leaks({name: text}, {"here": b"{" + form + b"}", "there": b"nothing"})
    planted = json.dumps({"note": wanted["second-on-call's telephone"]}).encode()
    assert leaks(wanted, {"journal": planted}) == ["second-on-call's telephone in journal"]
