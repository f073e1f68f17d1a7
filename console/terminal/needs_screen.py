"""What `seawall doctor --needs` shows and writes: every right as it is installed, and which are missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from connectors.rights import policies, ports, sql, sudoers
from connectors.rights.listed import Listed, State, listed
from connectors.rights.seen import Sight, sights, taken, ways_from_here
from connectors.world import RealWorld
from console.terminal.desk import Desk
from console.terminal.doctor import NOTHING_CHANGED
from console.terminal.looks import Look
from console.terminal.needing import Needed, needed
from console.terminal.rounds import Limits, take_all
from console.terminal.screen import Screen, Tone, next_command
from seawall.actions import CheckUp, Deadline
from seawall.errors import BadInput

_WORDS: dict[State, tuple[str, Tone]] = {
    "missing": ("MISSING", "bad"),
    "not-known": ("NOT KNOWN", "bad"),
    "only-a-drill-tells": ("untried", "plain"),
    "there": ("there", "good"),
}
_KINDS = {
    "log-in": "Log in",
    "sudo": "sudoers",
    "tool": "Programs",
    "grant": "PostgreSQL",
    "port": "Ports",
    "bucket": "Bucket policy",
    "balancer": "HAProxy",
    "zone": "DNS",
    "power": "Power controller",
}


def seen_needs(desk: Desk, limits: Limits, only: Sequence[str]) -> tuple[Needed, list[Listed]]:
    """Find what the city needs, and look which of it is there. Raises: BadInput."""
    with desk.open_world() as world:
        found = needed(desk, world)
        seen: dict[tuple[str, str, str], bool | None] = {}
        if isinstance(world, RealWorld):
            seen |= ways_from_here(found.rights)
            wanted = [one for one in sights(found.rights, world) if not only or one.about in only]
            for _ in take_all([_look(one, seen) for one in wanted], limits):
                pass
    return found, [one for one in listed(found.rights, seen) if not only or _about(one, only)]


def _look(sight: Sight, seen: dict[tuple[str, str, str], bool | None]) -> Look:
    def take(deadline: Deadline) -> list[CheckUp]:
        marks, _ = taken(sight, deadline)
        seen.update({(sight.kind, sight.place, right): there for right, there in marks.items()})
        return []

    return Look(sight.what, take, sight.about, sight.doors)


def _about(one: Listed, only: Sequence[str]) -> bool:
    return any(name in only or name.partition("/")[0] in only for name in one.about.split(", "))


def show_needs(found: Needed, rights: Sequence[Listed], screen: Screen, *, as_json: bool) -> None:
    """Show every right, place by place; what is missing is marked, and counted at the end."""
    counts = Counter(one.state for one in rights)
    if as_json:
        told = {
            "complete": not counts["missing"] and not counts["not-known"],
            "changed": False,
            "plans": found.plans,
            "undeclared": list(found.unknown),
            "needs": [_as_json(one) for one in rights],
        }
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for about, those in groupby(sorted(rights, key=lambda one: one.about), key=lambda one: one.about):
        screen.head(about)
        for kind, same in groupby(those, key=lambda one: one.kind):
            screen.say(_KINDS[kind], indent=2)
            _show(kind, list(same), screen)
    screen.say()
    if found.unknown:
        screen.say(f"Nobody declared what these actions need: {', '.join(found.unknown)}.", "bad")
    screen.say(
        f"What {found.plans} plans of this city's runbooks use, and no more: {counts['there']} there,"
        f" {counts['missing']} missing, {counts['not-known']} not known, {counts['only-a-drill-tells']} that"
        f" reading cannot tell. {NOTHING_CHANGED}",
        "bad" if counts["missing"] or counts["not-known"] else "good",
    )
    next_command(screen, *(f"seawall doctor --needs --as {kind}" for kind in _kinds_missing(rights)))


def _show(kind: str, those: Sequence[Listed], screen: Screen) -> None:
    if kind == "tool":
        # One name a line would be a page; what is alike is named together.
        for (state, folder), same in groupby(sorted(those, key=_shelf), key=_shelf):
            names = " ".join(Path(one.right).name for one in same)
            word, tone = _WORDS[state]
            screen.labelled(word, f"{names} in {folder}" if folder else names, tone, room=11, indent=4)
        return
    for one in those:
        word, tone = _WORDS[one.state]
        word = "SHUT" if (kind, one.state) == ("port", "missing") else word
        first, *rest = one.line.splitlines()
        # Never wrapped: these lines are copied.
        screen.columns([(word, 10), (first, 0)], tone, indent=4)
        for line in rest:
            screen.raw(" " * 15 + "".join(letter for letter in line if letter.isprintable()))


def _shelf(one: Listed) -> tuple[State, str]:
    folder = one.right.rpartition("/")[0]
    return one.state, folder


def _kinds_missing(rights: Sequence[Listed]) -> Iterator[str]:
    files = {"sudo": "sudoers", "grant": "sql", "port": "ports", "bucket": "s3"}
    kinds = {one.kind for one in rights if one.state == "missing"} or {one.kind for one in rights}
    yield from (name for kind, name in files.items() if kind in kinds)


def _as_json(one: Listed) -> dict[str, object]:
    return {
        "kind": one.kind,
        "about": one.about,
        "right": one.right,
        "line": one.line,
        "state": one.state,
        "needed_by": list(one.needed_by),
    }


def write_files(desk: Desk, kind: str, folder: Path, only: Sequence[str], mine: Sequence[str]) -> list[Path]:
    """Write what is to be installed, and return the files. Raises: BadInput."""
    with desk.open_world() as world:
        rights = needed(desk, world).rights
    if kind == "sudoers":
        texts = [
            (f"{host.name}/{name}", text)
            for host in rights.hosts
            if not only or host.name in only
            for name, text in sudoers.files(rights, host)
        ]
    elif kind == "sql":
        texts = list(sql.files(rights))
    elif kind == "ports":
        texts = [one for one in ports.files(rights, mine) if not only or one[0].removesuffix(".nft") in only]
    else:
        texts = [one for one in policies.files(rights) if not only or one[0].removesuffix(".json") in only]
    written = []
    for name, text in texts:
        path = folder / kind / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadInput.one(
                f"it cannot be written: {error.strerror}",
                where=str(path),
                remedy="Name another folder: --into DIR",
            ) from error
        written.append(path)
    return written


def show_files(written: Sequence[Path], kind: str, screen: Screen, *, as_json: bool) -> None:
    """Name the files that were written, or say why there are none."""
    if as_json:
        screen.raw(json.dumps({"files": [str(one) for one in written]}, indent=2))
        return
    for one in written:
        screen.raw(str(one))
    if not written:
        none = {
            "sudoers": "No sudoers line is needed: Seawall logs in as the accounts that its servers run as."
            " To log in as another one, write `sudo_as:` at each server in the inventory.",
        }
        screen.say(none.get(kind, "Nothing of this kind is needed."))
    screen.say()
    screen.say(
        "Each file says at its top how it is installed. Nothing was installed, and nothing outside was asked."
    )
    next_command(screen, "seawall doctor --needs   # after installing: what is still missing")
