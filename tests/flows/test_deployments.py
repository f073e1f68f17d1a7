"""What Prefect is given: flows by module, forms with the city's names, times on the city's clock; and that it works."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.inbox import put
from seawall.journal import Approved, Asked, Resumed
from seawall.loading import load_city
from seawall.run_folder import RunFolder
from tests.flows.conftest import ROOT, Prefect, until
from tests.flows.town import events, now

DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
REFERENCE = ROOT / "drills" / "city"
LOOK = """\
runbook: look
title: Look at an address
why: To see whether it answers
parameters:
  address: {type: text}
steps:
  - id: look
    does: Look at it
    uses: http.get
    with: {url: "{{ address }}"}
    approve: {by: incident-commander, people: 1, within: 1m}
"""


@pytest.mark.slow  # Prefect takes two seconds to load
@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["entrypoint"])
def test_a_deployment_names_its_flow_by_module(deployment: dict[str, Any]) -> None:
    from prefect.flows import Flow, load_flow_from_entrypoint

    entrypoint = deployment["entrypoint"]

    assert ":" not in entrypoint
    assert isinstance(load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False), Flow)


@pytest.mark.slow  # the same
@pytest.mark.parametrize(
    ("entrypoint", "runbook"),
    [
        ("flows.failover.failover", "postgres-failover"),
        ("flows.failback.failback", "postgres-failback"),
        ("flows.notify.notify", "notify"),
    ],
)
def test_a_form_asks_for_what_the_runbook_takes(entrypoint: str, runbook: str) -> None:
    from prefect.flows import load_flow_from_entrypoint

    form = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False).parameters
    takes = load_city(REFERENCE).runbooks[runbook].parameters

    assert set(form.properties) - {"exercise"} == set(takes)
    for name, parameter in takes.items():
        if parameter.of:
            assert set(form.properties[name]["enum"]) == set(parameter.of)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The reference city without its places, which are nowhere in the world, with a runbook of its own on top."""
    folder = tmp_path / "city"
    shutil.copytree(REFERENCE, folder)
    hosts = folder / "inventory" / "hosts.yaml"
    text, found = re.subn(r"^places:\n(?: .*\n)+", "", hosts.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found == 1
    hosts.write_text(text, encoding="utf-8")
    (folder / "runbooks").mkdir(exist_ok=True)
    (folder / "runbooks" / "look.yaml").write_text(LOOK, encoding="utf-8")
    return folder


def run(prefect: Prefect, city: Path, *command: str) -> str:
    """Run one of Prefect's own commands, as the person who sets this up would."""
    environment = {**prefect.environment, "SEAWALL_CITY": str(city)}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture
def deployed(prefect: Prefect, city: Path) -> dict[str, Any]:
    """Every deployment, by its flow's name, after what prefect.yaml says to do."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.automations import ensure_zombie_rule

    prefect.ask("/work_pools/", name="seawall", type="process")
    run(prefect, city, "prefect", "--no-prompt", "deploy", "--all")
    for _ in range(2):
        with temporary_settings({PREFECT_API_URL: prefect.url}):
            ensure_zombie_rule()
    found = prefect.ask("/deployments/filter")
    return {prefect.get(f"/flows/{one['flow_id']}")["name"]: one for one in found}


def choices(deployment: dict[str, Any], parameter: str) -> set[str]:
    schema = deployment["parameter_openapi_schema"]
    (reference,) = (word for word in _references(schema["properties"][parameter]))
    return set(schema["definitions"][reference.rpartition("/")[2]]["enum"])


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        return [
            one for key, value in schema.items() for one in ([value] if key == "$ref" else _references(value))
        ]
    return [one for value in schema for one in _references(value)] if isinstance(schema, list) else []


@pytest.mark.prefect
def test_what_is_deployed_offers_the_city_and_can_be_carried_out(
    prefect: Prefect, deployed: dict[str, Any], city: Path
) -> None:
    from flows.automations import NAME

    assert set(deployed) == {"respond", "failover", "failback", "verify-backups", "notify", "drill"}
    assert choices(deployed["failover"], "service") == {"login"}
    assert choices(deployed["failover"], "to") == {"north", "south"}
    assert choices(deployed["notify"], "audience") == {"coordinators", "leadership", "on-call"}
    assert choices(deployed["verify-backups"], "backup") == {"login-nightly"}
    assert choices(deployed["respond"], "runbook") >= {"look", "notify", "postgres-failover"}
    assert choices(deployed["drill"], "scenario") >= {"lose-a-site", "planned-move"}
    times = {name: [one["schedule"] for one in each["schedules"]] for name, each in deployed.items()}
    assert [(one["cron"], one["timezone"]) for one in times.pop("verify-backups")] == [
        ("30 2 * * *", "Europe/Copenhagen")
    ]
    assert [(one["cron"], one["timezone"]) for one in times.pop("drill")] == [
        ("0 10 * * 2", "Europe/Copenhagen")
    ]
    assert not any(times.values())
    assert [one["name"] for one in prefect.ask("/automations/filter")].count(NAME) == 1

    parameters = {"runbook": "look", "parameters": {"address": f"{prefect.url}/health"}, "exercise": True}
    begun = prefect.ask(f"/deployments/{deployed['respond']['id']}/create_flow_run", parameters=parameters)
    worker = a_worker(prefect, city)
    (folder,) = until(lambda: [one.parent for one in (city / "runs").glob("2*/journal.jsonl")], "a run")
    opened = RunFolder(folder.parent, folder.name)
    until(lambda: isinstance(events(opened)[-1], Asked), "the approval asked for")
    (flow_run,) = children(worker)
    os.kill(flow_run, signal.SIGKILL)
    until(lambda: state_of(prefect, begun)["type"] == "CRASHED", "the worker telling that it was killed")

    again = {"type": "SCHEDULED", "name": "AwaitingRetry"}  # what Prefect's own button does
    prefect.ask(f"/flow_runs/{begun['id']}/set_state", state=again, force=True)
    until(lambda: [type(one) for one in events(opened)][-2:] == [Resumed, Asked], "the same run carried on")
    put(opened, Approved(at=now(), step="look", by="bo", how="typed"))
    until(lambda: state_of(prefect, begun)["type"] == "COMPLETED", "its end")

    assert events(opened)[-1].kind == "ended"
    assert until(lambda: set(prefect.tasks(begun["id"])), "its task") == {"look"}
    logs = {"flow_run_id": {"any_": [begun["id"]]}}
    answer = f"seawall answer {opened.id} look"
    until(
        lambda: any(answer in one["message"] for one in prefect.ask("/logs/filter", logs=logs)),
        "what to answer",
    )


def a_worker(prefect: Prefect, city: Path) -> subprocess.Popen[str]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", "seawall"],
        cwd=city,
        env={**prefect.environment, "SEAWALL_CITY": str(city), "PREFECT_WORKER_QUERY_SECONDS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    prefect.processes.append(worker)
    return worker


def children(process: subprocess.Popen[str]) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return [pid for pid, parent in parents.items() if parent == process.pid]


def state_of(prefect: Prefect, flow_run: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = prefect.get(f"/flow_runs/{flow_run['id']}")["state"]
    return state
