"""`init`, `check` and `schema`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seawall.errors import ExitCode


def test_init_makes_a_city_that_check_finds_no_mistake_in(stage, tmp_path):
    said = stage("init", tmp_path / "mine")
    assert said.code == ExitCode.DONE
    assert f"cd {tmp_path / 'mine'} && seawall check" in said.out
    assert (tmp_path / "mine" / "runs").is_dir()
    assert (tmp_path / "mine" / "seawall.yaml").is_file()
    assert "/runs/" in (tmp_path / "mine" / ".gitignore").read_text()
    checked = stage("check", "--city", tmp_path / "mine")
    assert (checked.code, checked.err) == (ExitCode.DONE, "")


def test_init_takes_an_empty_folder_and_the_folders_above_it(stage, tmp_path):
    (tmp_path / "empty").mkdir()
    assert stage("init", tmp_path / "empty").code == ExitCode.DONE
    assert stage("init", tmp_path / "deep" / "er").code == ExitCode.DONE


def test_init_that_cannot_write_leaves_nothing_behind(stage, tmp_path):
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.iterdir())
    said = stage("init", tmp_path / "file" / "city")
    assert said.code == ExitCode.BAD_INPUT
    assert sorted(tmp_path.iterdir()) == before


def test_check_tells_findings_apart_from_mistakes(stage):
    said = stage("check")
    assert said.code == ExitCode.DONE
    assert "No mistakes" in said.out
    as_json = json.loads(stage("check", "--json").out)
    assert as_json["well"] is True
    assert as_json["mistakes"] == []
    assert as_json["looked_at"]["services"] >= 8
    assert as_json["looked_at"]["trial_plans"] > 4


def test_check_plans_each_runbook_for_every_service_it_fits(stage):
    stage.write(
        "runbooks/own.yaml",
        "runbook: own\ntitle: Own\nwhy: To see\nparameters:\n  service: {type: service}\nsteps:\n"
        "  - id: light\n    does: Light\n    uses: lamp.on\n"
        '    with: {lamp: "{{ service.database.active }}"}\n    when: service.name == "digital-mail"\n',
    )
    said = stage("check")
    assert said.code == ExitCode.BAD_INPUT
    assert "runbooks/own.yaml:10:" in said.out
    assert "digital-mail" in said.out


def test_check_changes_nothing(stage):
    before = stage.contents()
    stage("check")
    assert stage.contents() == before


@pytest.mark.parametrize("kind", ["inventory", "runbook", "message", "settings", "scenario"])
def test_a_schema_is_json_that_names_its_draft(stage, kind):
    said = stage("schema", kind)
    assert said.code == ExitCode.DONE
    assert json.loads(said.out)["$schema"].startswith("https://json-schema.org/")


def test_the_city_is_found_from_a_folder_below_it(stage, monkeypatch):
    monkeypatch.delenv("SEAWALL_CITY")
    monkeypatch.chdir(stage.city / "inventory")
    assert stage("runs").code == ExitCode.DONE


def test_the_city_may_be_named_by_option_by_environment_or_by_where_one_is(stage, monkeypatch, tmp_path):
    monkeypatch.setenv("SEAWALL_CITY", str(tmp_path / "gone"))
    assert stage("runs").code == ExitCode.BAD_INPUT
    assert stage("runs", "--city", stage.city).code == ExitCode.DONE


def test_no_option_and_no_variable_brings_in_a_world_that_is_not_real(stage, monkeypatch):
    """What stands in for the world is handed in by a test's own code; nothing that a person can type does."""
    import console.terminal

    for path in Path(console.terminal.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "memory_world" not in text, path
        assert "connectors.memory" not in text, path
    assert "SEAWALL_WORLD" not in os.environ
