"""What every action of every connector owes those who write runbooks with it, and those who rely on them at night."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.reference import every_action, page
from connectors.world import memory_world
from seawall.actions import Action, Effect, Proof, Seen
from seawall.inventory import About, Inventory
from seawall.model import Frozen, Text

ROOT = Path(__file__).parents[2]
ACTIONS = every_action()
NOWHERE = Inventory(city=About(name="nowhere", title=Text(en="Nowhere")), sites={})

WITHOUT_PROOF = {
    "email.send": "only the relay's own log knows whether it took a letter",
    "slack.post": "to look for a message Seawall would have to read the channel, which it must not be allowed to",
    "http.request": "what it changes is the runbook's to know, and so is the http.get or http.probe that proves it",
    "ssh.run": "what it changes is the runbook's to know, and so is the ssh.read that proves it",
    "postgres.start": "to start a server that runs does nothing; postgres.state shows whether it does",
    "backup.take": "each makes a backup with a name of its own; backup.find shows whether one is there",
    "backup.restore": "each stands in a folder of its own, beside everything else, and removes itself when it fails",
}
"""Actions that change something, and have neither a proof nor an undoing of their own, with the reason."""

VENDORS = ("boto3", "botocore", "dns", "httpx", "keyring", "paramiko", "psycopg", "slack_sdk")


def suites() -> dict[str, list[str]]:
    """The contract suites, and the test classes that run each."""
    found: dict[str, list[str]] = {}
    for _, tree in contract_files():
        for one in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            if one.name.endswith("Contract"):
                found.setdefault(one.name, [])
            for base in (base.id for base in one.bases if isinstance(base, ast.Name)):
                if base.endswith("Contract"):
                    found.setdefault(base, []).append(one.name)
    return found


def contract_files() -> list[tuple[Path, ast.Module]]:
    files = [
        (file, ast.parse(file.read_text())) for file in (ROOT / "tests" / "connectors").glob("test_*.py")
    ]
    return [
        (file, tree)
        for file, tree in files
        if any(isinstance(node, ast.ClassDef) and node.name.endswith("Contract") for node in tree.body)
    ]


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_says_what_it_does_takes_and_shows(name):
    action = ACTIONS[name]
    assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", name)
    assert re.fullmatch(r"[A-Z].{10,110}[^.]", action.does)
    assert issubclass(action.args, Frozen)
    assert issubclass(action.seen, Seen)
    for model in (action.args, action.seen):
        assert model.__doc__
        assert not model.__doc__.startswith("Usage docs")  # pydantic's own, inherited


def test_every_action_is_under_a_contract_suite():
    words = {
        node.value
        for _, tree in contract_files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(ACTIONS) - words == set()


def test_every_contract_suite_is_run_in_memory_and_for_real():
    assert [name for name, classes in suites().items() if len(classes) < 2] == []
    assert all(any("Memory" in one for one in classes) for classes in suites().values())


def test_both_worlds_have_the_same_actions_of_the_same_types():
    real, memory = ACTIONS, memory_world(NOWHERE)
    assert set(real) == set(memory)
    for name, action in real.items():
        twin = memory[name]
        assert (twin.effect, twin.args, twin.seen) == (action.effect, action.args, action.seen)
        assert (twin.proof, twin.undone_by, twin.limit) == (action.proof, action.undone_by, action.limit)
        assert twin.after_limit_it_cannot_act == action.after_limit_it_cannot_act


@pytest.mark.parametrize("name", [name for name, one in ACTIONS.items() if one.effect is Effect.CHANGES])
def test_a_change_has_a_proof_an_undoing_or_a_reason(name):
    action = ACTIONS[name]
    assert bool(action.proof or action.undone_by) != (name in WITHOUT_PROOF)
    if action.proof is not None:
        proof = ACTIONS[action.proof]
        assert proof.effect is Effect.READS
        assert issubclass(proof.seen, Proof)
        assert takes(proof, action)
    if action.undone_by is not None:
        undoing = ACTIONS[action.undone_by]
        assert undoing.effect is Effect.CHANGES
        assert takes(undoing, action)


def takes(taker: Action[Any, Any], giver: Action[Any, Any]) -> bool:
    """Whether one action can be called with another's arguments."""
    fields, given = taker.args.model_fields, set(giver.args.model_fields)
    return given <= set(fields) and {name for name, field in fields.items() if field.is_required()} <= given


@pytest.mark.parametrize("name", [name for name, one in ACTIONS.items() if one.effect is Effect.READS])
def test_what_only_reads_has_no_proof_and_nothing_to_undo(name):
    assert ACTIONS[name].proof is None
    assert ACTIONS[name].undone_by is None


def test_every_reason_is_of_an_action_there_is():
    assert set(WITHOUT_PROOF) <= set(ACTIONS)


def test_the_reference_page_is_as_declared():
    written = (ROOT / "docs" / "actions.md").read_text()
    assert written == page(ACTIONS.values()), "run: python -m connectors.reference > docs/actions.md"


@pytest.mark.slow  # starts a Python
def test_declarations_load_no_vendors_library():
    program = (
        "import sys; from connectors.reference import every_action; every_action(); "
        f"print(*(set({VENDORS}) & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.split() == []
