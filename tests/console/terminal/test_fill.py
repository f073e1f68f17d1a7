"""`fill`: values into the inventory from the terminal."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode
from seawall.importing import EXAMPLE

SERVER = "hosts.nord-db1.postgres.log-ind"


@pytest.fixture
def mine(stage, tmp_path):
    stage("init", tmp_path / "mine", "--from", stage.write("services.csv", EXAMPLE), "--user", "seawall")
    return tmp_path / "mine"


def test_a_gap_is_filled_as_the_next_command_says(stage, mine):
    (mine / "inventory" / "people.yaml").write_text("people: {ida: {title: Ida, email: ida@example.dk}}\n")
    filled = stage("fill", "services.log-ind", "reached_through=null", "--city", mine)
    assert filled.code == ExitCode.DONE
    assert "inventory/services.yaml:" in filled.out
    assert "  reached_through: null" in filled.out
    offered = next(line for line in filled.out.splitlines() if line.startswith("Next: "))
    assert offered.startswith("Next: seawall fill services.")
    assert "..." in offered


def test_what_was_written_is_told_as_json(stage, mine):
    before = len(json.loads(stage("check", "--json", "--city", mine).out)["gaps"])
    told = json.loads(
        stage("fill", "services.hjemmesiden", "tier=2", "--instead", "--json", "--city", mine).out
    )
    assert told["written"][0]["line"] == "tier: 2"
    assert told["gaps"] == before
    told = json.loads(stage("fill", "sites.nord", "failure_domains=[]", "--json", "--city", mine).out)
    assert told["gaps"] == before - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["services.log-ind"], "nothing is given to write"),
        (["services.log-ind", "tier"], "this is not KEY=VALUE"),
        (["services.log-in", "tier=1"], "Write `services.log-ind`"),
        (["services.log-ind", "tier=9"], "tier"),
        (["services.log-ind", "--ask", "--yes"], "only a database server can be asked"),
        (
            [SERVER, "--ask", "--yes"],
            "too little is known to ask it: no key, host_key, database, user, password",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_with_what_to_do(stage, mine, words, said):
    before = (mine / "inventory" / "services.yaml").read_bytes()
    refused = stage("fill", *words, "--city", mine)
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert said in " ".join(refused.err.split())
    assert (mine / "inventory" / "services.yaml").read_bytes() == before


def test_doctor_does_not_keep_quiet_about_a_server_that_is_half_described(stage, mine):
    told = json.loads(stage("doctor", "--json", "--city", mine).out)
    found = {one["what"]: one for one in told["looks"]}
    assert found["postgres nord-db1/log-ind"]["well"] is None
    assert f"seawall fill {SERVER} --ask" in found["postgres nord-db1/log-ind"]["remedy"]
