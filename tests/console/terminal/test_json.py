"""Every key that a command prints with `--json` stands in docs/json.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs" / "json.md"
OPEN = (
    "facts",
    "parameters",
    "looked_at",
    "plan",
    "seen",
    "title",
    "why",
    "does",
    "verdict",
    "text",
    "no_way_back",
)
"""Keys whose values have keys of their own kind: names a person gave, languages, or what is described elsewhere."""


def keys(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            if key not in OPEN:
                yield from keys(one, (*path, key))
    elif isinstance(value, list):
        for one in value:
            yield from keys(one, path)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--json"],
        ["plan", "light", "--json"],
        ["pretend", "light", "--json"],
        ["pretend", "light", "--facts", "--json"],
        ["show", "--json"],
        ["report", "--json"],
        ["runs", "--json"],
        ["doctor", "--json"],
        ["doctor", "--send-test", "commander", "--yes", "--json"],
        ["person", "list", "--json"],
        ["person", "show", "commander", "--json"],
        ["duty", "--json"],
        ["drill", "list", "--json"],
        ["answer", "last", "light", "yes", "--as", "commander", "--json"],
    ],
    ids=" ".join,
)
def test_every_key_is_documented(stage, words):
    stage.impatient()
    stage("run", "light", "--yes", "green")
    named = re.findall(r"`([a-z_.\[\]]+)`", DOCS.read_text(encoding="utf-8"))
    documented = {key for name in named for key in re.split(r"[.\[\]]+", name)}
    printed = json.loads(stage(*words).out)
    if words[0] == "drill":
        printed = {key: [] for key in printed}
    missing = set(keys(printed)) - documented - {"en", "da"}
    assert not missing
