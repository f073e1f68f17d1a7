"""An action that says it only reads is caught writing; one that changes is proven, and taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.secrets import Secrets
from connectors.world import real_world
from drills.lab.errors import LabMisused
from drills.lab.imprint import differences, imprint
from drills.lab.inventory import write_inventory
from drills.lab.layout import LabLayout
from drills.lab.trying import Trial, try_action
from seawall.actions import Effect
from seawall.loading import load_inventory
from seawall.own_actions import Own, OwnAction

Try = Callable[..., Trial]


@pytest.fixture
def trying(lab: LabLayout, tmp_path: Path) -> Try:
    write_inventory(lab, tmp_path / "inventory")
    city = load_inventory(tmp_path)

    def carry_out(run: list[str], effect: str = "reads", on: str = "north-web", **more: Any) -> Trial:
        others: dict[str, Any] = more.pop("others", {})
        own = {"does": "Try", "effect": effect, "runs_on": on, "run": run, "limit": "10s", **more}
        actions = {name: OwnAction.model_validate(one) for name, one in {"it": own, **others}.items()}
        with real_world(city, Secrets(), Own(actions)) as world:
            return try_action("own.it", world["own.it"].pinned, world, lab, print)

    return carry_out


def test_what_only_reads_is_found_to(trying):
    trial = trying(["sh", "-c", "cat www/website/*.html; ls -lR . >/dev/null; uptime"])
    assert (trial.well, trial.effect) == (True, Effect.READS)


LIES = {
    "a file": (
        "north-web",
        "touch www/website/new.html; sleep 0.1; rm -f www/website/gone.html",
        "new.html is new",
    ),
    "a file's time": ("north-web", "touch -d 2001-01-01 www/website/tider.html", "tider.html is changed"),
    "a mode": ("south-web", "chmod 600 www/website/tider.html", "tider.html is changed"),
    "a program": ("north-web", "systemctl restart appointments.service", "program haproxy"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_says_it_reads_and_writes_is_caught(trying, lie):
    on, script, told = LIES[lie]
    trial = trying(["sh", "-c", script], on=on)
    (verdict,) = [one for one in trial.seen if one.what == "says that it only reads"]
    assert (trial.well, verdict.well) == (False, False)
    assert told in verdict.saw


def test_rows_and_settings_are_looked_at_too(lab):
    import psycopg

    server = lab.servers["north-db/login"]
    before = imprint(lab)
    connect = {
        "host": server.host.address,
        "port": server.port,
        "dbname": server.database,
        "user": "postgres",
        "password": lab.credentials.read("db_postgres"),
        "autocommit": True,
    }
    with psycopg.connect(**connect) as connection:
        connection.execute("CREATE TABLE planted AS SELECT 1 AS n")
        connection.execute("CREATE ROLE planted")
        changed = differences(before, imprint(lab))
        connection.execute("DROP TABLE planted")
        connection.execute("DROP ROLE planted")
    assert "north-db/login: table public.planted is new" in changed
    assert "north-db/login: its roles is changed" in changed
    deadline = time.monotonic() + 10
    while left := differences(before, imprint(lab)):  # the standby drops them a moment later
        assert time.monotonic() < deadline, left


MARKED = {
    "is-marked": {
        "does": "Look",
        "effect": "reads",
        "runs_on": "north-web",
        "run": ["test", "-e", "www/mark"],
        "limit": "10s",
        "ends_with": [0, 1],
        "sees": {"holds": {"status": [0]}},
    },
    "unmark": {
        "does": "Undo",
        "effect": "changes",
        "runs_on": "north-web",
        "run": ["rm", "-f", "www/mark"],
        "limit": "10s",
        "no_proof": "No",
        "no_way_back": "No",
    },
}


def test_a_change_is_proven_taken_back_and_leaves_nothing_behind(trying):
    trial = trying(["touch", "www/mark"], "changes", proof="is-marked", undo="unmark", others=MARKED)
    assert trial.well, trial
    told = {one.what: one.saw for one in trial.seen}
    assert "www/mark is new" in told["changed"]
    assert told["its proof before"].startswith("does not hold")
    assert told["its proof after"].startswith("holds")
    assert told["left behind"] == "nothing that can be seen"


def test_a_proof_that_does_not_see_the_change_is_told(trying):
    trial = trying(["touch", "www/other"], "changes", proof="is-marked", no_way_back="No", others=MARKED)
    trying(["rm", "-f", "www/other"], "changes", no_proof="No", no_way_back="No")
    assert not trial.well
    assert [one.what for one in trial.seen if one.well is False] == ["its proof after"]


def test_what_is_left_behind_when_it_was_taken_back_is_named(trying):
    run = ["sh", "-c", "touch www/mark www/forgotten"]
    trial = trying(run, "changes", proof="is-marked", undo="unmark", others=MARKED)
    trying(["rm", "-f", "www/forgotten"], "changes", no_proof="No", no_way_back="No")
    assert "www/forgotten is new" in {one.what: one.saw for one in trial.seen}["left behind"]


def test_nothing_is_tried_on_a_machine_that_is_not_the_labs(lab, tmp_path):
    write_inventory(lab, tmp_path / "inventory")
    city = load_inventory(tmp_path)
    own = OwnAction.model_validate(
        {"does": "Try", "effect": "reads", "runs_on": "north-web", "run": ["true"], "limit": "10s"}
    )
    with real_world(city, Secrets(), Own({"it": own})) as world:
        pinned = world["own.it"].pinned
        elsewhere = {**pinned, "runs_on": {**pinned["runs_on"], "port": 22}}
        with pytest.raises(LabMisused, match="no machine of this lab"):
            try_action("own.it", elsewhere, world, lab, print)
