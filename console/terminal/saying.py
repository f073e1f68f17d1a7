"""Lay a person's word in a run's inbox, and wait until it was heard; end a run that nobody drives."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import typer

from console.terminal.carrying import Manner, drive_here
from console.terminal.desk import Desk
from console.terminal.doubt_screen import DOUBTS, doubt_about, show_doubt
from console.terminal.ending import show_end
from console.terminal.following import show_event
from console.terminal.on_call import show_who_may_say
from console.terminal.questions import Typed, how_to_type, not_asked, taken_apart, word_for
from console.terminal.screen import aside, language, next_command, out, words
from console.terminal.signing import TYPED, sign_word, signed_here
from console.terminal.surroundings import operator, surroundings
from seawall.decide import Finish
from seawall.errors import BadInput, ExitCode
from seawall.inbox import put
from seawall.journal import AbortAsked, Approved, Ended, Word
from seawall.journal_file import has_ended, is_written, read_journal
from seawall.messages import MARK
from seawall.questions import ANSWERS, questions_of
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run
from seawall.state import State

HEARD_WITHIN = 3.0
"""Seconds; a driver looks into its inbox every 20 ms."""
ENDED_WITHIN = 15.0
"""Seconds in which an abort must have led to a named state: ten by promise, and some to be sure."""
POLL = 0.05


def say_answer(
    name: str,
    step: str,
    said: str | None,
    *,
    who: str | None,
    why: str,
    note: str,
    key: Path | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Give an answer. Raises: BadInput when it is none that the run waits for, or the person may not give it."""
    desk = Desk.at(city)
    run = _open_run(desk, name)
    person, state = operator(who), read_state(run)
    if said is None:
        typed = _asked_here(run, state, step, person, desk)
        said, person, why, note = typed.said, typed.person or person, typed.why or why, typed.note or note
    word = word_for(
        state,
        step,
        said,
        person,
        why=why,
        now=surroundings().now(),
        inventory=desk.city.inventory,
        note=note,
    )
    if isinstance(word, Approved):
        _refuse_typed(run, word)
    word = sign_word(run, state, word, desk, key)
    put(run, word)
    heard = is_written(run.journal_path) and _heard(run, word)
    if as_json:
        out().raw(
            json.dumps({"run": run.id, "step": step, "answer": said, "by": person, "heard": heard}, indent=2)
        )
        return
    if heard:
        out().say(f"Said to {run.id}: {step} {said}, by {person}.")
        next_command(out(), f"seawall show {run.id}")
    else:
        out().say(f"Laid in the inbox of {run.id}: {step} {said}, by {person}. Nobody drives it now.")
        next_command(out(), f"seawall resume {run.id}")


def _refuse_typed(run: RunFolder, word: Approved) -> None:
    """Point at what signs, where yeses are signed; say elsewhere that it proves nobody's word. Raises: BadInput."""
    if signed_here():
        remedy = f"Sign for it: seawall approve {run.id} {word.step} --as {word.by}"
        raise BadInput.one(
            "a yes is signed here, and this one is typed", where=f"step {word.step}", remedy=remedy
        )
    aside().say(TYPED, "dim")


def _asked_here(run: RunFolder, state: State, step: str, by: str, desk: Desk) -> Typed:
    """Show a question at this terminal and read what is said to it. Raises: BadInput when nothing is, or cannot be."""
    question = next((one for one in questions_of(state) if one.step.id == step), None)
    if question is None:
        raise not_asked(state, step)
    where, choices = f"step {step}", ANSWERS[question.asked.what]
    commands = ", or ".join(f"`seawall answer {run.id} {step} {choice}`" for choice in choices)
    if not surroundings().has_terminal():
        raise BadInput.one(
            "nobody can be asked what to say, for this is no terminal",
            where=where,
            remedy=f"Say it: {commands}",
        )
    kind = MARK if run.plan.exercise else "REAL"
    aside().say(
        f"{kind}: {question.in_words(language=language())}", "mark" if run.plan.exercise else "bad", hang=2
    )
    aside().say(words(question.step.does), indent=2)
    if question.asked.what in DOUBTS:
        show_doubt(doubt_about(run, state, step), aside(), desk.zone, indent=2)
        show_who_may_say(state, question, aside(), desk.city.inventory, indent=2)
    inventory = desk.city.inventory
    aside().say(
        f"{how_to_type(question, by, inventory, state, surroundings().now())} Only Enter says nothing."
    )
    aside().stream.write("> ")
    aside().stream.flush()
    typed = taken_apart(sys.stdin.readline(), question, inventory)
    if typed is None:
        raise BadInput.one("that is no answer; nothing was said", where=where, remedy=f"Say it: {commands}")
    return typed


def say_abort(name: str, *, undo: bool, who: str | None, why: str, city: Path | None, as_json: bool) -> None:
    """Stop a run. Raises: BadInput when it has ended; typer.Exit when it could not be brought to its end here."""
    manner = Manner.of(city=city, who=who, without_prefect=True, as_json=as_json)
    run = _open_run(manner.desk, name)
    put(run, AbortAsked(at=surroundings().now(), by=manner.by, why=why, undo=undo))
    if is_written(run.journal_path):
        _watch_it_end(run, manner)
    else:
        aside().say("Nobody drives this run; bringing it to its end here.")
        with manner.desk.open_world() as world:
            drive_here(run, world, manner)
        # Stopped is what was asked for; only what is not known makes it another code.
        raise typer.Exit(_code(run))


def _watch_it_end(run: RunFolder, manner: Manner) -> None:
    shown = len(read_journal(run.journal_path))
    end = time.monotonic() + ENDED_WITHIN
    while time.monotonic() < end:
        events = read_journal(run.journal_path)
        for event in events[shown:]:
            show_event(event, run.plan, manner.screen, manner.desk.zone)
        shown = len(events)
        if events and isinstance(events[-1], Ended):
            finish = Finish(events[-1].outcome, events[-1].left)
            show_end(run, finish, manner.screen, as_json=manner.as_json)
            raise typer.Exit(_code(run))
        time.sleep(POLL)
    aside().say("It is still ending; what is being taken back has limits of its own.", "bad")
    next_command(aside(), f"seawall show {run.id} --follow")
    raise typer.Exit(ExitCode.IN_DOUBT)


def _code(run: RunFolder) -> ExitCode:
    state = read_state(run)
    return ExitCode.IN_DOUBT if state.doubtful or state.under_way or state.ended is None else ExitCode.DONE


def _open_run(desk: Desk, name: str) -> RunFolder:
    run = find_run(desk.runs, name)
    if has_ended(run.journal_path):
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=f"See `seawall show {run.id}`")
    return run


def _heard(run: RunFolder, word: Word) -> bool:
    """Wait until the driver has written the word down."""
    end = time.monotonic() + HEARD_WITHIN
    while time.monotonic() < end:
        if word in read_journal(run.journal_path):
            return True
        time.sleep(POLL)
    return False
