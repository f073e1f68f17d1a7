"""`--help` is there at once, shows examples that exist, and names every exit code; a bug is one line."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from console.terminal import surroundings, trouble
from console.terminal.main import PARTS, program, run_command_line
from seawall.errors import BadInput, ExitCode, Mistake, SeawallError

COMMANDS = [name for part in PARTS for name in part.COMMANDS]
NESTED = {
    "lab": ["up", "status", "break", "heal", "try-action", "down"],
    "drill": ["run", "list"],
    "person": ["list", "show"],
    "action": ["list", "review"],
    "codes": ["print", "list"],
}
PATHS = [
    [name, *more]
    for name in COMMANDS
    for more in ([[one] for one in NESTED[name]] if name in NESTED else [[]])
]


def help_of(words, capsys):
    assert run_command_line([*words, "--help"]) == ExitCode.DONE
    return capsys.readouterr().out


def test_every_command_is_listed(capsys):
    listed = re.findall(r"^  ([a-z-]+) ", help_of([], capsys), re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_examples_of_itself(path, capsys):
    text = help_of(path, capsys)
    examples = re.findall(r"^\s+((?:cd \S+ && )?seawall .*)$", text[text.index("Examples:") :], re.MULTILINE)
    assert examples
    assert any(" ".join(["seawall", *path]) in one for one in examples)


@pytest.mark.parametrize("path", [[], *([name] for name in NESTED)], ids=" ".join)
def test_no_commands_summary_is_cut_at_eighty_columns(path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rows = help_of(path, capsys).splitlines()[1:]
    assert len(rows) > 5
    assert [row for row in rows if row.endswith("...")] == []


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_fits_a_narrow_terminal(path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert help_of(path, capsys)


def test_every_exit_code_is_documented(capsys):
    text = help_of([], capsys)
    for code in [*ExitCode, trouble.STOPPED]:
        assert re.search(rf"^\s+{int(code)}\s+\w", text, re.MULTILINE), code


def test_one_command_alone_is_the_same_program_as_all_of_them(capsys):
    for path in PATHS:
        assert program(path).registered_callback is not None
        alone = help_of(path, capsys)
        assert alone.startswith(f"Usage: seawall {' '.join(path)}")


@pytest.mark.slow  # starts a Python
@pytest.mark.parametrize(
    ("words", "more"), [([], ["pydantic"]), (["plan"], []), (["run"], []), (["lab", "up"], [])]
)
def test_help_loads_nothing_heavy(words, more):
    heavy = ["rich", "yaml", "jinja2", "prefect", "paramiko", "boto3", "connectors", "flows", *more]
    script = (
        "import sys; from console.terminal.main import run_command_line\n"
        f"run_command_line({[*words, '--help']!r})\n"
        f"print([one for one in {heavy!r} if one in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr.strip() == "[]"


def test_the_version_is_said(capsys):
    assert run_command_line(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("seawall ")


def test_a_bug_is_one_line_that_says_where_its_trace_is(capsys, monkeypatch, tmp_path):
    def broken():
        raise ZeroDivisionError("secret-in-a-message")

    monkeypatch.setattr(surroundings, "version", broken)
    monkeypatch.setattr("console.terminal.main.version", broken)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert run_command_line(["--version"]) == ExitCode.BUG
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
    saved = next(tmp_path.iterdir())
    assert str(saved) in said.err
    assert "ZeroDivisionError" in saved.read_text()
    assert saved.stat().st_mode & 0o077 == 0


def test_every_mistake_is_said_with_its_place_its_remedy_and_the_line_as_it_should_read(capsys):
    error = BadInput(
        [
            Mistake("services.yaml:3:5", "there is no site nort", "Write north", "    site: north"),
            Mistake("services.yaml:9:1", "there is no host x", "Use one of: a, b"),
        ]
    )
    assert trouble.say_error(error) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert "2 mistakes; nothing was changed" in said
    for part in ("services.yaml:3:5", "Write north", "site: north", "services.yaml:9:1", "Use one of: a, b"):
        assert part in said


def test_an_error_keeps_its_exit_code(capsys):
    for kind in SeawallError.__subclasses__():
        error = (
            BadInput.one("p", where="w", remedy="r") if kind is BadInput else kind("p", where="w", remedy="r")
        )
        assert trouble.say_error(error) == kind.exit_code
    assert "w: p." in capsys.readouterr().err
