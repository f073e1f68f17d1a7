"""`init --from`: a city made from other systems' files, its gaps, and what a person does next."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode
from seawall.importing import EXAMPLE

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr"


@pytest.fixture
def services(stage):
    return stage.write("services.csv", EXAMPLE)


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_example_that_is_printed_makes_a_city_with_gaps_and_no_mistake(stage, tmp_path):
    printed = stage("init", "--example-csv")
    assert (printed.code, printed.out) == (ExitCode.DONE, EXAMPLE)
    path = stage.write("example.csv", printed.out)
    made = stage("init", tmp_path / "mine", "--from", path)
    assert made.code == ExitCode.DONE
    assert "4 services, UTF-8, separated by commas" in made.out
    assert f"cd {tmp_path / 'mine'} && seawall check" in made.out
    checked = stage("check", "--city", tmp_path / "mine")
    assert (checked.code, checked.err) == (ExitCode.DONE, "")
    assert "No mistakes: 4 services" in checked.out


def test_filling_the_first_gap_as_shown_makes_another_the_first(stage, tmp_path, services):
    mine = tmp_path / "mine"
    stage("init", mine, "--from", services)
    first = json.loads(stage("check", "--json", "--city", mine).out)["gaps"][0]
    assert (first["about"], first["where"]) == ("people", "inventory/people.yaml:4")
    path, _, line = first["where"].partition(":")
    lines = (mine / path).read_text().splitlines()
    filled = first["line"].replace("title: ...", "title: Ida").replace("email: ...", "email: ida@example.dk")
    lines[int(line) - 1] = filled
    (mine / path).write_text("\n".join(lines))
    again = stage("check", "--json", "--city", mine)
    assert again.code == ExitCode.DONE
    assert "people" not in [one["about"] for one in json.loads(again.out)["gaps"]]


def test_gaps_are_counted_and_the_next_few_shown_and_all_only_when_asked_for(stage, tmp_path, services):
    mine = tmp_path / "mine"
    stage("init", mine, "--from", services)
    short = stage("check", "--city", mine).out
    whole = stage("check", "--all", "--city", mine).out
    count = len(json.loads(stage("check", "--json", "--city", mine).out)["gaps"])
    assert f"{count} gaps: not written down yet, and no mistake" in short
    assert f"and {count - 3} more: seawall check --all" in short
    assert len(short.splitlines()) < 70
    assert whole.count("    | ") >= count


def test_a_plan_that_needs_a_gap_is_refused_with_the_line_to_write(stage, tmp_path, services):
    mine = tmp_path / "mine"
    stage("init", mine, "--from", services)
    refused = stage("plan", "postgres-failover", "service=log-ind", "to=syd", "--city", mine)
    assert refused.code == ExitCode.BAD_INPUT
    assert "hosts.nord-db1.host_key is not written down yet" in refused.err
    assert "\n    |     host_key: ssh-ed25519 ...\n" in refused.err
    assert "inventory/hosts.yaml:" in refused.err


def test_hosts_come_from_ssh_with_their_keys_and_services_from_the_spreadsheet(stage, tmp_path, services):
    config = stage.write("ssh_config", "Host nord-db1\n  HostName 192.0.2.11\nHost *\n  User seawall\n")
    known = stage.write("known", f"192.0.2.11 {KEY}\n")
    said = stage(
        "init", tmp_path / "mine", "--from", services, "--from", config, "--known-hosts", known,
        "--key", "file:/etc/seawall/id", "--user", "other", "--json",
    )  # fmt: skip
    assert said.code == ExitCode.DONE
    told = json.loads(said.out)
    assert "inventory/hosts.yaml" in told["files"]
    assert told["read"][-1] == "host keys: 1 of 5 hosts found in known_hosts"
    lacking = {one["about"] for one in told["gaps"] if one["about"].startswith("hosts.")}
    assert "hosts.nord-db1.host_key" not in lacking
    assert "hosts.syd-db1.host_key" in lacking
    assert not [one for one in lacking if one.endswith((".user", ".key"))]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["--from", "{city}/gone.csv"], "gone.csv"),
        (["--from", "{city}/wrong.csv"], "wrong.csv, row 1"),
        (["--from", "{city}"], "city"),
        (["--from", "{city}/services.csv", "--key", "-----BEGIN"], "--key"),
        (["--kind", "csv"], "--kind"),
        (["--known-hosts", "{city}/services.csv"], "--known-hosts"),
    ],
)
def test_an_init_that_fails_says_where_and_leaves_nothing_behind(stage, tmp_path, services, arguments, where):
    stage.write("wrong.csv", "Beløb;Konto\n1;2\n")
    before, contents = entries(tmp_path), stage.contents()
    said = stage("init", tmp_path / "deep" / "er", *(one.format(city=stage.city) for one in arguments))
    assert (said.code, said.out) == (ExitCode.BAD_INPUT, "")
    assert where in said.err
    assert "BEGIN" not in said.err
    assert entries(tmp_path) == before
    assert stage.contents() == contents


def test_an_init_that_fails_half_way_leaves_nothing_behind(stage, tmp_path, services):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    before = entries(tmp_path)
    for folder in (tmp_path / "link", tmp_path / "deep" / ("x" * 300)):
        said = stage("init", folder, "--from", services)
        assert said.code == ExitCode.BAD_INPUT
        assert "it cannot be made" in said.err
        assert entries(tmp_path) == before


def test_a_folder_that_holds_anything_is_left_as_it_is(stage, services):
    before = stage.contents()
    said = stage("init", stage.city, "--from", services)
    assert said.code == ExitCode.BAD_INPUT
    assert stage.contents() == before


def test_init_without_a_folder_says_how_to_name_one(stage):
    said = stage("init")
    assert said.code == ExitCode.BAD_INPUT
    assert "seawall init my-city" in said.err
