"""What must stay where it is, in every form in which it could get out, and the search for it."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from drills.lab.credentials import CANARY_NAME
from drills.lab.layout import LabLayout
from seawall.inventory import Inventory

SAMPLED_EVERY = 0.05
"""Seconds between two looks at the list of processes."""


def secrets_of(lab: LabLayout) -> dict[str, str]:
    """Every secret of the lab by its file's name; of a private key, each line that is the key."""
    found: dict[str, str] = {}
    for path in lab.places.secrets.iterdir():
        if path.suffix == ".pub":
            continue
        text = path.read_text().strip()
        lines = (
            [one for one in text.splitlines() if not one.startswith("-----")] if "-----" in text else [text]
        )
        found |= {f"{path.name}:{number}": line for number, line in enumerate(lines) if len(line) > 8}
    return found


def people_of(lab: LabLayout, city: Inventory) -> dict[str, str]:
    """What is somebody's own: names, addresses and numbers of the city's people, and a citizen of its database."""
    number = lab.credentials.read("canary")
    found = {"citizen": number, "citizen's digits": re.sub(r"\D", "", number), "citizen's name": CANARY_NAME}
    for name, person in city.people.items():
        found |= {f"{name}'s name": person.title}
        if person.email is not None:
            found |= {f"{name}'s address": person.email}
        if person.slack is not None:
            found |= {f"{name}'s Slack address": person.slack}
        if person.telephone is not None:
            found |= {
                f"{name}'s telephone": person.telephone,
                f"{name}'s digits": re.sub(r"\D", "", person.telephone),
            }
    return found


def forms(text: str) -> Iterator[bytes]:
    """The ways in which a text is written by programs that mean well."""
    yield text.encode()
    yield base64.b64encode(text.encode()).rstrip(b"=")
    yield urllib.parse.quote(text, safe="").encode()
    yield urllib.parse.quote_plus(text).encode()
    yield json.dumps(text)[1:-1].encode()
    yield html.escape(text).encode()


def leaks(wanted: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Say what was found where; the thing itself is not said again."""
    return [
        f"{name} in {place}"
        for name, text in wanted.items()
        for place, content in places.items()
        if any(form in content for form in forms(text))
    ]


def files_below(*folders: Path, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Every file below these folders by its path."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(without) & set(path.relative_to(folder).parts)
    }


@contextmanager
def processes_seen() -> Iterator[dict[str, bytes]]:
    """Look at the command lines of every process of the machine, again and again, and keep each that was seen."""
    seen: dict[str, bytes] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLED_EVERY):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:
                    continue  # it ended in between
                seen[line.replace(b"\0", b" ").decode(errors="replace")[:200]] = line

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()
