"""The reference city on a lab, with a failover of its own that has the limits of the stories told there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from console.terminal.lab import write_city
from drills.lab.layout import LabLayout
from seawall.loading import PRODUCT

GENEROUS: Mapping[str, str] = {
    "standby": "30s",
    "distance": "30s",
    "standby-is-fit": "30s",
    "lease-at-hand": "30s",
    "standby-has-everything": "30s",
    "promote": "30s",
    "users-let-in": "30s",
    "repoint": "30s",
    "repoint-name": "30s",
    "served-again": "60s",
    "old-kept-out": "30s",
    "old-let-in-again": "30s",
}
"""Limits that the busiest machine keeps, for what must go well whatever runs beside it."""


def write_city_of_stories(lab: LabLayout, folder: Path, within: Mapping[str, str]) -> str:
    """Write the city, its failover with these limits of facts and steps, and return the failover's text."""
    write_city(lab, folder)
    text = (PRODUCT / "postgres-failover.yaml").read_text(encoding="utf-8")
    for name, limit in within.items():
        text = changed(
            rf"(^  (?:- id: {name}|{name}:)\n(?:    .*\n)*?    within: ).+", rf"\g<1>{limit}", text
        )
    (folder / "runbooks").mkdir(exist_ok=True)
    (folder / "runbooks" / "postgres-failover.yaml").write_text(text, encoding="utf-8")
    return text


def changed(pattern: str, to: str, text: str) -> str:
    """Change the one place that fits."""
    text, found = re.subn(pattern, to, text, flags=re.MULTILINE)
    assert found == 1, pattern
    return text
