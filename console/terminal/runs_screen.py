"""The list of runs, and what to type about the newest of them that still needs somebody."""

from __future__ import annotations

import json
from collections.abc import Sequence

from console.terminal.desk import Desk
from console.terminal.screen import Screen, Tone, language, next_command, words
from seawall.messages import MARK
from seawall.report.figures import moment
from seawall.report.roles import starter
from seawall.report.words import OUTCOMES
from seawall.run_list import RunSummary, Standing

OPEN: frozenset[Standing] = frozenset(
    {Standing.NOT_BEGUN, Standing.UNDER_WAY, Standing.WAITS, Standing.INTERRUPTED, Standing.UNREADABLE}
)


def show_runs(listed: Sequence[RunSummary], desk: Desk, screen: Screen, *, as_json: bool) -> None:
    """Show the runs, newest first."""
    if as_json:
        rows = [one.model_dump(mode="json") for one in listed]
        screen.raw(json.dumps({"runs": rows}, indent=2, ensure_ascii=False))
        return
    for one in listed:
        _show(one, desk, screen)
    if not listed:
        screen.say(f"No runs yet in {desk.runs}.")
        next_command(screen, "seawall plan RUNBOOK KEY=VALUE ...")
        return
    needs = next((one for one in listed if one.standing in OPEN), listed[0])
    next_command(screen, f"seawall show {needs.id}")


def _show(one: RunSummary, desk: Desk, screen: Screen) -> None:
    tone: Tone = "bad" if one.standing in OPEN else "plain"
    outcome = OUTCOMES[one.outcome.value].in_(language()) if one.outcome else one.standing.value
    if one.waits_for:
        outcome += f" ({one.waits_for})"
    screen.raw(f"{one.id}")
    screen.say(f"{outcome}{', ' + MARK if one.exercise else ''}: {words(one.title)}", tone, indent=2, hang=2)
    screen.say(f"{moment(one.opened_at, desk.zone)}, by {words(starter(one.by))}", "dim", indent=2)
    if one.imported_at is not None:
        screen.say(f"carried out elsewhere, imported {moment(one.imported_at, desk.zone)}", "dim", indent=2)
    if one.left:
        screen.say(f"still stands, or is not known: {', '.join(one.left)}", indent=2, hang=2)
    if one.problem:
        screen.say(one.problem, indent=2, hang=2)
