"""Plan how to take a run back, show it, and carry it out like any other plan."""

from __future__ import annotations

import json
from pathlib import Path

from console.terminal.carrying import Manner, carry_out_plan
from console.terminal.plan_files import write_plan
from console.terminal.plan_screen import plan_as_json, show_plan
from console.terminal.screen import next_command, out
from seawall.actions import World
from seawall.afterwards import mark_undo, refuse_when_others_came, taken_back_of, undos_of
from seawall.errors import Busy
from seawall.plan import Plan
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run
from seawall.undoing import plan_undo


def undo_run(
    name: str,
    *,
    output: Path | None,
    yes: str | None,
    without_prefect: bool,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Plan how to take a run back; keep the plan at `output`, or carry it out.

    Raises:
        BadInput: it has not ended, or nothing of it can be taken back; or it was not confirmed.
        Busy: it was taken back already, or others have worked on the same since.
        typer.Exit: with the exit code of how it ended.
    """
    manner = Manner.of(city=city, who=who, without_prefect=without_prefect, as_json=as_json)
    run = find_run(manner.desk.runs, name)
    with manner.desk.open_world() as world:
        plan = planned(run, world)
        if output is None:
            show_plan(plan, manner.screen, facts={}, inventory=manner.desk.city.inventory)
            carry_out_plan(plan, world, manner, yes=yes, command=f"seawall undo {run.id}")
            return
    write_plan(plan, output)
    if as_json:
        out().raw(json.dumps(plan_as_json(plan, {}), indent=2, ensure_ascii=False))
        return
    show_plan(plan, out(), facts={}, inventory=manner.desk.city.inventory)
    out().say(f"Kept in {output}.")
    next_command(out(), f"seawall run {output}")


def planned(run: RunFolder, world: World) -> Plan:
    """Make the plan that takes `run` back. Raises: BadInput, Busy, JournalError."""
    state = read_state(run)
    taken_back = taken_back_of(run)
    refuse_when_others_came(run, state)
    return plan_undo(run.id, state, world, taken_back)


def take_the_undo(plan: Plan, undo: RunFolder, world: World) -> None:
    """Be the one who takes a run back, before the first change.

    Raises:
        Busy: somebody else has, since the plan was shown.
    """
    run = find_run(undo.runs, plan.undoes or "")
    before = len(undos_of(run))
    if planned(run, world).digest != plan.digest:
        problem = "somebody else has taken a part of it back since this plan was made"
        raise Busy(problem, where=f"run {run.id}", remedy=f"Plan again: seawall undo {run.id}")
    mark_undo(run, undo, before=before)


def planned_again(kept: Plan, runs: Path, world: World) -> Plan:
    """Make the plan anew that a kept plan was, to see whether it is still the one. Raises: as `planned`."""
    return planned(find_run(runs, kept.undoes or ""), world)
