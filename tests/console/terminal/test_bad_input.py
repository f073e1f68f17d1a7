"""Whatever is wrong with what a person wrote or typed: a place, a remedy, exit code 2, and nothing changed."""

from __future__ import annotations

import pytest

from seawall.errors import ExitCode

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
STEP = "runbook: own\ntitle: Own\nwhy: To see\nparameters:\n  lamp: {type: text, default: green}\nsteps:\n"


def runbook(*steps: str) -> str:
    return STEP + "".join(f"  - {one}\n" for one in steps)


LIGHT = 'uses: lamp.on, with: {lamp: "{{ lamp }}"}'
FILES = {
    "an empty file": ("runbooks/own.yaml", "", "runbooks/own.yaml"),
    "a binary file": ("runbooks/own.yaml", b"\x7fELF\x00\x01\x02\xff" * 64, "runbooks/own.yaml"),
    "a YAML bomb": ("runbooks/own.yaml", BOMB, "runbooks/own.yaml"),
    "broken YAML": ("inventory/services.yaml", "services: {login: [}\n", "inventory/services.yaml:1"),
    "a list where a mapping should be": ("inventory/people.yaml", "- a\n- b\n", "inventory/people.yaml"),
    "a word where a number should be": (
        "inventory/city.yaml",
        "city: {name: havnby, title: Havnby, timezone: [1]}\n",
        "inventory/city.yaml",
    ),
    "a step with an unknown action": (
        "runbooks/own.yaml",
        runbook("{id: a, does: A, uses: lamp.onn, with: {lamp: green}}"),
        "lamp.on",
    ),
    "a step that waits for nobody": (
        "runbooks/own.yaml",
        runbook("{id: a, does: A, after: [nobody], " + LIGHT + "}"),
        "nobody",
    ),
    "a circle of steps": (
        "runbooks/own.yaml",
        runbook("{id: a, does: A, after: [b], " + LIGHT + "}", "{id: b, does: B, after: [a], " + LIGHT + "}"),
        "a -> b",
    ),
    "two steps of one name": (
        "runbooks/own.yaml",
        runbook("{id: a, does: A, " + LIGHT + "}", "{id: a, does: B, " + LIGHT + "}"),
        "two steps are called",
    ),
    "a template that names what is not there": (
        "runbooks/own.yaml",
        runbook('{id: a, does: "Light {{ lantern }}", ' + LIGHT + "}"),
        "lantern",
    ),
    "an argument of the wrong type": (
        "runbooks/own.yaml",
        runbook("{id: a, does: A, uses: lamp.on, with: {lamp: green, slow: soon}}"),
        "soon",
    ),
    "a scenario that nobody can read": ("scenarios/own.yaml", "scenario: own\n", "scenarios/own.yaml"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_named_with_a_remedy_and_nothing_is_changed(stage, name):
    path, content, named = FILES[name]
    is_named(stage, stage.write(path, content), named)


@pytest.mark.slow
def test_a_file_of_50_mb_is_named_with_a_remedy_and_nothing_is_changed(stage):
    is_named(stage, stage.write("runbooks/own.yaml", "# " + "x" * 50_000_000), "50.0 MB")


def is_named(stage, file, named):
    before = stage.contents()
    said = stage("check")
    assert said.code == ExitCode.BAD_INPUT
    assert named in said.out
    assert str(file.relative_to(stage.city)) in said.out
    assert stage.contents() == before


def test_a_circle_of_needs_is_named_as_a_path(stage):
    services = stage.city / "inventory" / "services.yaml"
    text = services.read_text()
    services.write_text(text.replace("  dns:\n", "  dns:\n    needs: [login]\n", 1))
    said = stage("check")
    assert said.code == ExitCode.BAD_INPUT
    assert "dns -> login -> dns" in " ".join(said.out.split())


def test_a_missing_inventory_is_no_city(stage, monkeypatch, tmp_path):
    said = stage("check", "--city", tmp_path / "nowhere")
    assert said.code == ExitCode.BAD_INPUT
    assert "seawall init" in said.err
    (tmp_path / "empty").mkdir()
    monkeypatch.delenv("SEAWALL_CITY")
    monkeypatch.chdir(tmp_path / "empty")
    said = stage("runs")
    assert said.code == ExitCode.BAD_INPUT
    assert "seawall init" in said.err


def test_every_mistake_is_told_at_once(stage):
    stage.write("runbooks/own.yaml", "")
    stage.write("runbooks/other.yaml", b"\x00\x01")
    stage.write("scenarios/own.yaml", "scenario: own\n")
    said = stage("check")
    assert {"runbooks/own.yaml", "runbooks/other.yaml", "scenarios/own.yaml"} <= {
        one.split(":")[0] for one in said.out.splitlines()
    }


WORDS = {
    "an unknown runbook": (["plan", "lihgt"], "Write light"),
    "an unknown parameter": (["plan", "light", "lmap=red"], "lamp"),
    "an unknown value": (["plan", "light", "lamp=grene"], "green"),
    "a parameter without its value": (["plan", "light", "lamp"], "KEY=VALUE"),
    "a parameter given twice": (["plan", "light", "lamp=red", "lamp=green"], "twice"),
    "an unknown service": (["plan", "postgres-failover", "service=logn"], "login"),
    "an unknown site": (["plan", "postgres-failover", "service=login", "to=nort"], "north"),
    "an unknown service to verify": (["verify-backups", "logn"], "login"),
    "an unknown run": (["show", "2020"], "run 2020"),
    "an unknown language": (["report", "last", "--lang", "fr"], "da or en"),
    "an unknown option": (["plan", "light", "--hurry"], "--hurry"),
    "an unknown command": (["lihgt"], "lihgt"),
    "a schema of what has none": (["schema", "journal"], "journal"),
    "an unknown scenario": (["drill", "run", "lose-a-sight"], "lose-a-site"),
    "a plan that is not there": (["run", "plan.json"], "plan.json"),
    "the wrong target": (["run", "blink", "--yes", "red"], "green"),
    "no way to ask for the target": (["run", "blink"], "--yes green"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_bad_command_line_is_explained_and_nothing_is_changed(stage, name):
    arguments, named = WORDS[name]
    before = stage.contents()
    said = stage(*arguments)
    assert said.code == ExitCode.BAD_INPUT
    assert named in said.err
    assert stage.contents() == before


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\x00", b"[]", b'{"format": 1}', b"{" * 5000, b'{"format": 1e999}']
)
def test_a_file_that_is_no_plan_is_refused(stage, content):
    stage.write("plan.json", content)
    before = stage.contents()
    said = stage("run", stage.city / "plan.json", "--yes", "green")
    assert said.code == ExitCode.BAD_INPUT
    assert "plan.json" in said.err
    assert "seawall plan" in said.err
    assert stage.contents() == before


def test_a_plan_of_70_mb_is_not_read(stage):
    path = stage.city / "plan.json"
    with path.open("wb") as file:
        file.truncate(70 * 2**20)
    said = stage("run", path, "--yes", "green")
    assert said.code == ExitCode.BAD_INPUT
    assert "larger" in said.err


def test_a_plan_file_never_takes_the_place_of_another_file(stage):
    before = stage.contents()
    said = stage("plan", "light", "-o", stage.city / "inventory" / "services.yaml")
    assert said.code == ExitCode.BAD_INPUT
    assert stage.contents() == before
    said = stage("plan", "light", "-o", stage.city / "nowhere" / "plan.json")
    assert said.code == ExitCode.BAD_INPUT


def test_a_report_never_takes_the_place_of_another_file(stage):
    assert stage("run", "blink", "--yes", "green").code == ExitCode.DONE
    before = stage.contents()
    said = stage("report", "--html", stage.city / "inventory" / "services.yaml")
    assert said.code == ExitCode.BAD_INPUT
    assert stage.contents() == before


def test_a_folder_that_holds_something_is_left_alone(stage):
    before = stage.contents()
    said = stage("init", stage.city)
    assert said.code == ExitCode.BAD_INPUT
    assert "not empty" in said.err
    assert stage.contents() == before
