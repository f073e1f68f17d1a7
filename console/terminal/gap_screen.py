"""Gaps on the terminal: how many of which kind, and the next few with the line to write. Forty services fit one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.terminal.screen import Screen
from seawall.gaps import Gap, counted

NEXT_FEW = 3
PLANS_SHOWN = 3
TOLD_BY_SERVERS = ("data_directory", "binaries", "cluster_name", "system_identifier")
"""What a database server says itself when it is asked: `seawall fill ... --ask`."""


def show_gaps(found: Sequence[Gap], screen: Screen, *, every: bool) -> None:
    """Show gaps: the kinds counted, then the first ones whole, or all of them."""
    if not found:
        return
    screen.head(f"{len(found)} gap{'s' if len(found) > 1 else ''}: not written down yet, and no mistake")
    if len(found) > NEXT_FEW:
        for kind, count in counted(found).items():
            screen.columns([(f"{count:>5} ", 6), (kind, 0)])
    shown = found if every else found[:NEXT_FEW]
    screen.head("All of them:" if every else "Fill next:")
    for gap in shown:
        show_gap(gap, screen)
    if len(shown) < len(found):
        screen.say()
        screen.say(f"and {len(found) - len(shown)} more: seawall check --all", "dim")


def show_gap(gap: Gap, screen: Screen) -> None:
    """Show one gap: where, what, what cannot be done without it, how to find it out, and the line to write."""
    screen.say()
    screen.say(f"{gap.where}  {gap.about}", "strong", hang=4)
    screen.say(f"It lacks {gap.missing}.", indent=4)
    screen.say(f"{gap.impossible}.{_plans(gap)}", indent=4)
    screen.say(f"{gap.how}.", "dim", indent=4)
    screen.say("The line there should read:" if gap.instead else "Write there:", indent=4)
    for line in gap.line.splitlines():
        # Never wrapped: a line that is cut in two cannot be pasted.
        screen.raw(f"    | {line}")


def _plans(gap: Gap) -> str:
    if not gap.plans:
        return ""
    shown = ", ".join(gap.plans[:PLANS_SHOWN])
    more = f" and {len(gap.plans) - PLANS_SHOWN} more" if len(gap.plans) > PLANS_SHOWN else ""
    return f" Cannot be planned: {shown}{more}."


def next_fills(found: Sequence[Gap]) -> list[str]:
    """Return the commands that fill these gaps, each `...` in them for somebody to fill; a section takes an editor."""
    nested = {("backends",), ("address",)}  # may not be there themselves yet
    return [_filling(gap) for gap in found if len(gap.thing) > 1 and gap.path[3:4] not in nested]


def _filling(gap: Gap) -> str:
    thing = ".".join(map(str, gap.thing))
    given = [line for line in gap.fields if line.partition(":")[0] not in TOLD_BY_SERVERS]
    if gap.kind == "database servers" and not given:
        return f"seawall fill {thing} --ask"
    words = (
        f"{name}='{value}'" if " " in value else f"{name}={value}" for name, _, value in map(_parts, given)
    )
    return f"seawall fill {thing} {' '.join(words)}"


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition(": ")


def gaps_as_json(found: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return every gap as `check --json` and `init --json` show it."""
    return [
        {
            "about": gap.about,
            "kind": gap.kind,
            "missing": gap.missing,
            "impossible": gap.impossible,
            "plans": list(gap.plans),
            "how": gap.how,
            "where": gap.where,
            "line": gap.line,
            "instead": gap.instead,
        }
        for gap in found
    ]
