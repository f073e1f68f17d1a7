"""The lease, as docs/models/lease.pml has it, checked by spin: every order of events, and what each rule is for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from seawall import lease, places

MODEL = Path(__file__).parents[2] / "docs" / "models" / "lease.pml"
RULES = ("NO_WAIT", "NO_DRIFT", "ANY_ONE_HOLDS", "ANY_ONE_CLAIMS", "NO_STOP", "LATE_START", "NO_CLAIM")
TWO_WRITABLE_PRIMARIES = "assertion violated ((((admits>0)+promoted[1])+promoted[2])<=1)"
NOT_MORE_THAN = 2000
"""Megabytes of memory for one search."""


def searched(folder: Path, *flags: str) -> str:
    """Search every state of the model, and return what spin's verifier says."""
    defines = [f"-D{flag}" for flag in flags]
    _run(folder, "spin", "-a", *defines, str(MODEL))
    _run(folder, "gcc", "-O2", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={NOT_MORE_THAN}", "-o", "pan", "pan.c")
    return _run(folder, "./pan", "-m1000000")


def _run(folder: Path, *argv: str) -> str:
    ended = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, f"{argv}: {ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.mark.model
def test_there_are_never_two_writable_primaries_and_nobody_is_stuck(tmp_path):
    said = searched(tmp_path)
    assert re.search(r"errors: 0\b", said), said
    assert "Search not completed" not in said
    assert "max search depth too small" not in said
    assert "invalid end states\t+" in said
    states = re.search(r"(\d+) states, stored", said)
    assert states is not None
    assert int(states[1]) > 100_000
    assert _never_reached(said) == {"-end-"}  # everything in it can happen


@pytest.mark.model
@pytest.mark.parametrize("rule", RULES)
def test_without_any_one_rule_there_are_two(tmp_path, rule):
    said = searched(tmp_path, rule)
    assert re.search(r"errors: 1\b", said), said
    assert TWO_WRITABLE_PRIMARIES in said


@pytest.mark.model
def test_a_promotion_can_be_reached(tmp_path):
    said = searched(tmp_path, "REACH")
    assert re.search(r"errors: 1\b", said), said
    assert "assertion violated ( !(promoted[1])&& !(promoted[2]))" in said


def test_every_rule_that_the_model_can_do_without_is_tried():
    used = set(re.findall(r"#if(?:n?def) (\w+)", MODEL.read_text()))
    assert used == {*RULES, "REACH"}


def test_the_words_of_the_model_are_those_of_the_code():
    said = MODEL.read_text()
    for owner, words in (
        (lease, ("beginning", "revoking", "safe_from")),
        (lease.Hold, ("renew", "admits", "begun", "again", "followed")),
        (places.Place, ("put_if_absent",)),
    ):
        for word in words:
            assert hasattr(owner, word)
            assert word in said
    assert set(get_args(get_type_hints(lease.Word)["says"])) == {"held", "revoked", "granted"}
    assert "`held`" in said
    assert "`revoked`" in said
    assert f"#define PLACES {places.HOW_MANY} " in said


def _never_reached(said: str) -> set[str]:
    return set(re.findall(r'state \d+, "([^"]+)"', said.partition("unreached in")[2]))
