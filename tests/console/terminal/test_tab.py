"""Tab offers services, sites, runbooks and runs; it never shows an error, whatever state a city is in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import drills
from console.terminal import tab
from console.terminal.main import run_command_line
from tests.console.terminal.keyboard import at_a_terminal

BASH = shutil.which("bash") or ""
SEAWALL = Path(sys.executable).with_name("seawall")


@pytest.fixture
def city(tmp_path):
    folder = tmp_path / "city"
    shutil.copytree(Path(drills.__file__).parent / "city", folder)
    return folder


@pytest.fixture
def ask(monkeypatch, capsys):
    """Ask as bash's completion does, with every word that bash makes of what was typed."""
    for name in [one for one in os.environ if one.startswith("SEAWALL")]:
        monkeypatch.delenv(name)

    def asked(words, folder):
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv(tab.VARIABLE, "complete_bash")
        assert tab.is_asked()
        assert tab.offer(run_command_line) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return asked


@pytest.fixture
def environ(tmp_path):
    """A person who has just made a home, with `seawall` on the path and nothing of a city said."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL")}
    path = f"{SEAWALL.parent}:{os.environ['PATH']}"
    return {**kept, "HOME": str(home), "PATH": path, "TERM": "dumb", "INPUTRC": "/dev/null"}


def test_a_value_is_offered_without_the_key_that_bash_has_taken_off(city, ask):
    run = ["seawall", "run", "postgres-failover"]
    assert ask([*run, "service", "=", "lo"], city) == ["login"]
    assert ask([*run, "service", "="], city) == ["login"]
    assert ask([*run, "service", "=", "login", "to", "=", "s"], city) == ["south"]


def test_a_value_is_offered_whole_where_the_sign_breaks_no_words(city, ask):
    assert ask(["seawall", "run", "postgres-failover", "service=lo"], city) == ["service=login"]


def test_only_services_that_the_runbook_can_take_are_offered(city, ask):
    assert ask(["seawall", "run", "supplier-outage", "service", "="], city) == ["citizen-register"]
    assert "citizen-register" not in ask(["seawall", "run", "static-site-failover", "service", "="], city)


def test_keys_are_offered_that_are_not_given_yet(city, ask):
    run = ["seawall", "plan", "postgres-failover"]
    assert ask([*run, ""], city) == ["service=", "to=", "mode="]
    assert ask([*run, "service", "=", "login", ""], city) == ["to=", "mode="]
    assert ask([*run, "se"], city) == ["service=login"], "with no space after a lone `service=`"


def test_runbooks_are_the_citys_and_the_products(city, ask):
    (city / "runbooks").mkdir(exist_ok=True)
    (city / "runbooks" / "post-office.yaml").write_text("runbook: post-office\n")
    offered = ask(["seawall", "run", "post"], city)
    assert offered == ["post-office", "postgres-failback", "postgres-failover"]


def test_runs_are_offered_newest_first(city, ask):
    for name in ("2026-11-20-0100-notify-aa", "2026-11-21-0100-notify-bb"):
        (city / "runs" / name).mkdir(parents=True)
    for command in ("show", "answer", "abort", "resume", "report"):
        offered = ask(["seawall", command, "2026"], city)
        assert offered == ["2026-11-21-0100-notify-bb", "2026-11-20-0100-notify-aa"], command


def test_names_are_offered_though_the_city_has_mistakes(city, ask):
    services = city / "inventory" / "services.yaml"
    services.write_text(services.read_text().replace("tier: 1", "tier: nine"))
    (city / "inventory" / "broken.yaml").write_text("services: [\n")
    assert ask(["seawall", "run", "postgres-failover", "service", "=", "lo"], city) == ["login"]


@pytest.mark.parametrize(
    "words",
    [
        ["seawall", "show", ""],
        ["seawall", "run", "postgres-failover", "service", "=", "lo"],
        ["seawall", "run", "wish", "service", "=", "lo"],
        ["seawall", "run", "postgres-failover", "wish", "=", "lo"],
        ["seawall", "plan", "'unclosed"],
        ["="],
        [],
    ],
)
def test_where_there_is_nothing_to_offer_nothing_is_said(words, ask, tmp_path):
    offered = ask(words, tmp_path)
    assert offered == [] or words in (["="], [])


def test_a_broken_setting_is_not_told_to_somebody_who_presses_tab(city, ask, monkeypatch):
    (city / "runs" / "2026-11-20-0100-notify-aa").mkdir(parents=True)
    assert len(ask(["seawall", "show", "2"], city)) == 1
    monkeypatch.setenv("SEAWALL_LANGAUGE", "da")
    assert ask(["seawall", "show", "2"], city) == []
    monkeypatch.delenv("SEAWALL_LANGAUGE")
    monkeypatch.setenv("SEAWALL_CITY", "/nowhere")
    assert ask(["seawall", "show", "2"], city) == []


@pytest.mark.slow
def test_a_real_bash_completes_after_it_was_installed(city, environ):
    subprocess.run(
        [BASH, "-c", "seawall --install-completion; true"],
        env=environ,
        cwd=city,
        check=True,
        timeout=30,
        capture_output=True,
    )
    with at_a_terminal(["--noprofile", "-i"], environ=environ, columns=100, program=BASH) as person:
        person.type(f"PS1='ready> '; cd {city}; bind 'set bell-style none'; clear")
        person.until("ready> ")
        person.press_tab("seawall run postgres-failo")
        person.until("postgres-failover ")
        person.press_tab("service=lo")
        person.until("service=login ")
        person.press_tab("to=n")
        person.until("to=north ")
        clears_the_line = "\x15"
        person.press_tab(f"{clears_the_line}seawall sta")
        person.until("seawall status ")
