"""Leave a failed step out, or have it tried again: a person's word that lets a run go on which has ended by it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import typer

from console.terminal.carrying import Manner, drive_here
from console.terminal.freezing import warn_of_freeze
from console.terminal.plan_screen import show_kind
from console.terminal.questions import check_may_answer
from console.terminal.screen import next_command, out
from console.terminal.signing import sign_word
from console.terminal.surroundings import surroundings
from seawall.afterwards import refuse_when_others_came, undos_of
from seawall.errors import BadInput
from seawall.inbox import put
from seawall.journal import Overridden, Retried, Skipped
from seawall.journal_file import has_gaps, is_written, read_journal
from seawall.reopening import wants_what_is_not_there, why_not
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run
from seawall.state import State
from seawall.who_may import asks_anew

Reopening = Skipped | Retried | Overridden
HEARD_WITHIN = 3.0
"""Seconds; a driver looks into its inbox every 20 ms."""
POLL = 0.05


def skip_step(
    name: str,
    step: str,
    why: str,
    *,
    key: Path | None,
    without_prefect: bool,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Leave a failed step out. Raises: BadInput, Busy; typer.Exit with how the run then ended."""
    manner = Manner.of(city=city, who=who, without_prefect=without_prefect, as_json=as_json)
    run = find_run(manner.desk.runs, name)
    word = Skipped(at=surroundings().now(), step=step, by=manner.by, why=reason_given(why, run, "skip", step))
    state = _decided(run, word, manner)
    signed = sign_word(run, state, word, manner.desk, key)
    for one in wants_what_is_not_there(state, step):
        manner.screen.say(f"{one} needs what {step} would have seen, and cannot run.", "warn", hang=2)
    go_on_by(run, signed, manner)


def retry_step(
    name: str,
    step: str,
    why: str,
    *,
    key: Path | None,
    without_prefect: bool,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Have a failed step tried again. Raises: BadInput, Busy; typer.Exit with how the run then ended."""
    manner = Manner.of(city=city, who=who, without_prefect=without_prefect, as_json=as_json)
    run = find_run(manner.desk.runs, name)
    word = Retried(
        at=surroundings().now(), step=step, by=manner.by, why=reason_given(why, run, "retry", step)
    )
    state = _decided(run, word, manner)
    signed = sign_word(run, state, word, manner.desk, key)
    if state.steps[step].may_have_acted(state.clocks.now or word.at):
        manner.screen.say(f"{step} may have happened: its proof is looked at first.", "warn", hang=2)
    go_on_by(run, signed, manner)


def reason_given(why: str, run: RunFolder, command: str, step: str) -> str:
    """Return the reason on one line. Raises: BadInput when there is none."""
    if not why.strip():
        remedy = f'Say it for the journal: seawall {command} {run.id} {step} --why "..."'
        raise BadInput.one("no reason is given", where="--why", remedy=remedy)
    return " ".join(why.split())


def _decided(run: RunFolder, word: Skipped | Retried, manner: Manner) -> State:
    """Return where the run stands when this person's word lets it go on. Raises: BadInput, Busy, JournalError."""
    state = checked(run, word)
    if not asks_anew(word, state.steps[word.step]):
        check_may_answer(state, word.step, word.by, manner.desk.city.inventory, word.at)
    return state


def checked(run: RunFolder, word: Reopening) -> State:
    """Return where the run stands when it can go on by this word. Raises: BadInput, Busy, JournalError."""
    state, where = read_state(run), f"run {run.id}"
    reason = why_not(word, state)
    if reason is None and state.ended is not None and has_gaps(run.journal_path):
        reason = "lines of its journal were erased, and what is not known cannot be gone on from"
    if reason is None and (undos := undos_of(run)):
        reason = f"run {undos[-1].id} was opened to take it back"
    if reason is not None:
        failed = ", ".join(state.failed)
        remedy = (
            f"What failed: {failed}. See `seawall show {run.id}`"
            if failed
            else f"See `seawall show {run.id}`"
        )
        raise BadInput.one(reason, where=where, remedy=remedy)
    refuse_when_others_came(run, state)
    return state


def go_on_by(run: RunFolder, word: Reopening, manner: Manner) -> None:
    """Say it to the run, and drive it on if nobody does. Raises: BadInput, Busy; typer.Exit with how it then ended."""
    put(run, word)
    if is_written(run.journal_path):  # it has not ended, and somebody drives it
        was_heard = _was_heard(run, word)
        if manner.as_json:
            said = {"run": run.id, "step": word.step, "said": word.kind, "by": word.by, "heard": was_heard}
            out().raw(json.dumps(said, indent=2))
        else:
            out().say(f"Said to {run.id}: {word.step} is to be {word.kind}, by {word.by}.")
            next_command(out(), f"seawall show {run.id}")
        return
    warn_of_freeze(manner.desk.runs, manner.desk.zone, manner.screen)
    show_kind(run.plan, manner.screen)
    with manner.desk.open_world() as world:
        raise typer.Exit(drive_here(run, world, manner))


def _was_heard(run: RunFolder, word: Reopening) -> bool:
    """Wait until the driver has written the word down."""
    end = time.monotonic() + HEARD_WITHIN
    while time.monotonic() < end:
        if word in read_journal(run.journal_path):
            return True
        time.sleep(POLL)
    return False
