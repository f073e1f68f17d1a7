"""`seawall doctor` and `--needs` on the lab's real servers, which have the printed rights and nothing more."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
from pathlib import Path

import pytest
import yaml

from console.terminal.main import run_command_line
from drills.lab.inventory import FILE, write_inventory
from seawall.errors import ExitCode
from tests.console.terminal.test_json import DOCS, keys

pytestmark = pytest.mark.lab


@pytest.fixture
def city(lab, tmp_path: Path, monkeypatch) -> Path:
    write_inventory(lab, tmp_path / "inventory")
    for name, value in {"SEAWALL_CITY": str(tmp_path), "SEAWALL_LANGUAGE": "en", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def seawall(city, capsys):
    def say(*words: str, code: int = ExitCode.DONE) -> str:
        capsys.readouterr()
        found = run_command_line(list(words))
        said = capsys.readouterr()
        assert found == code, said.out + said.err
        return str(said.out)

    return say


def change(city: Path, host: str, **fields: object) -> None:
    path = city / "inventory" / FILE
    written = yaml.safe_load(path.read_text())
    written["hosts"][host].update(fields)
    path.write_text(yaml.safe_dump(written))


def looks(seawall, *words: str, code: int = ExitCode.FAILED) -> dict[str, dict[str, object]]:
    told = json.loads(seawall("doctor", "--json", *words, code=code))
    assert told["changed"] is False
    return {one["what"]: one for one in told["looks"]}


def another_key() -> str:
    kind = b"ssh-ed25519"
    blob = len(kind).to_bytes(4) + kind + (32).to_bytes(4) + os.urandom(32)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def test_another_host_key_shows_both_fingerprints_and_another_way_to_check(seawall, city):
    change(city, "north-web", host_key=another_key())
    one = looks(seawall, "--host", "north-web")["ssh north-web"]
    assert one["found"] == "wrong-key"
    assert len(re.findall(r"SHA256:\S+", str(one["saw"]))) == 2
    assert "console" in str(one["remedy"])
    assert "ssh-keygen -lf" in str(one["remedy"])
    assert not re.search(r"accept|yes/no|ssh-keyscan|ssh-keygen -R", f"{one['saw']} {one['remedy']}")


def test_who_is_not_let_in_is_told_so(seawall, city):
    change(city, "north-web", user="somebody-else")
    one = looks(seawall, "--host", "north-web")["ssh north-web"]
    assert one["found"] == "log-in-refused"
    assert "authorized_keys" in str(one["remedy"])


def test_a_closed_port_is_named(seawall, city):
    with socket.socket() as held:
        held.bind(("127.0.1.20", 0))
        port = held.getsockname()[1]
        change(city, "north-web", port=port)
        one = looks(seawall, "--host", "north-web")["ssh north-web"]
    assert one["found"] == "refused"
    assert f"127.0.1.20:{port}" in str(one["saw"])


def test_a_program_that_is_not_there_is_named(seawall, city, lab):
    path = city / "inventory" / FILE
    written = yaml.safe_load(path.read_text())
    written["hosts"]["north-db"]["postgres"]["login"]["binaries"] = "/nowhere/bin"
    path.write_text(yaml.safe_dump(written))
    one = looks(seawall, "--host", "north-db")["tools on north-db"]
    assert one["found"] == "tools-missing"
    assert "/nowhere/bin/pg_rewind" in str(one["saw"])


def test_the_lab_has_every_right_that_is_asked_for_as_far_as_reading_tells(seawall):
    told = json.loads(seawall("doctor", "--needs", "--json"))
    assert told["complete"] is True
    assert told["undeclared"] == []
    states = {one["state"] for one in told["needs"]}
    assert states == {"there", "only-a-drill-tells"}
    untried = {one["right"] for one in told["needs"] if one["state"] == "only-a-drill-tells"}
    assert {right.partition(" ")[0] for right in untried} <= {
        "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "update", "Operator", "ReadOnly", "seawall"
    }  # fmt: skip
    assert all(one["needed_by"] for one in told["needs"])
    assert not [
        one["line"] for one in told["needs"] if re.search(r"SUPERUSER|\(root\)|ALL=\(ALL", one["line"])
    ]


def test_what_needs_prints_as_json_is_documented(seawall):
    named = re.findall(r"`([a-z_.\[\]]+)`", DOCS.read_text(encoding="utf-8"))
    documented = {key for name in named for key in re.split(r"[.\[\]]+", name)}
    assert set(keys(json.loads(seawall("doctor", "--needs", "--json")))) <= documented


def test_only_what_this_citys_runbooks_use_is_asked_for(seawall, city):
    """Without a backup set nobody takes backups here, so nothing is written but what the places hold."""
    before = {one["right"] for one in json.loads(seawall("doctor", "--needs", "--json"))["needs"]}
    (city / "inventory" / "backups.yaml").unlink()
    needs = json.loads(seawall("doctor", "--needs", "--json"))["needs"]
    after = {one["right"] for one in needs}
    assert "seawall: EXECUTE on seawall.fingerprint()" in before - after
    assert not [one for one in needs if "backup.take" in str(one["needed_by"])]
    assert "seawall: EXECUTE on pg_promote(boolean, integer)" in after


def test_each_kind_is_written_as_files_that_say_how_they_are_installed(seawall, city, tmp_path):
    written = city / "inventory" / FILE
    text = yaml.safe_load(written.read_text())
    text["hosts"]["north-db"]["postgres"]["login"]["sudo_as"] = "postgres"
    written.write_text(yaml.safe_dump(text))
    into = tmp_path / "rights"
    for kind in ("sudoers", "sql", "ports", "s3"):
        seawall("doctor", "--needs", "--as", kind, "--into", str(into))
    names = {str(path.relative_to(into)) for path in into.rglob("*") if path.is_file()}
    assert {
        "sudoers/north-db/sudoers",
        "sudoers/north-db/postgres-login",
        "sql/login.sql",
        "ports/north-db.nft",
        "s3/north-store.json",
    } <= names
    assert "visudo -cf sudoers && install" in (into / "sudoers/north-db/sudoers").read_text()
    assert "psql -X" in (into / "sql/login.sql").read_text()
    assert "nft -f north-db.nft" in (into / "ports/north-db.nft").read_text()
    assert json.loads((into / "s3/north-store.json").read_text())["Version"] == "2012-10-17"


def test_no_secret_stands_in_what_is_written_or_shown(seawall, city, lab, tmp_path):
    into = tmp_path / "rights"
    shown = seawall("doctor", "--needs") + seawall("doctor")
    for kind in ("sudoers", "sql", "ports", "s3"):
        seawall("doctor", "--needs", "--as", kind, "--into", str(into))
    shown += "".join(path.read_text() for path in into.rglob("*") if path.is_file())
    for name in ("db_seawall", "db_replicator", "s3_north_secret", "tsig", "power_password", "slack_token"):
        assert lab.credentials.read(name) not in shown
