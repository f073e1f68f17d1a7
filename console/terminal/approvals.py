"""Say yes to a step: show what is signed, have it confirmed, sign, judge it as the driver will, lay it in the inbox."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.world import places_in
from console.terminal.desk import Desk
from console.terminal.on_call import who_is_asked
from console.terminal.questions import word_for
from console.terminal.screen import Screen, aside, language, next_command, out, words
from console.terminal.signing import ONE_HOST, TYPED, heard, judge, sign_yes, statement_for
from console.terminal.surroundings import operator, surroundings
from seawall.approve import is_wanted
from seawall.codes import used_at
from seawall.errors import BadInput
from seawall.ground import choose
from seawall.inbox import put
from seawall.journal import Approved
from seawall.journal_file import has_ended, is_written, read_journal
from seawall.judging import Judge
from seawall.messages import MARK
from seawall.questions import OpenQuestion, questions_of
from seawall.report.figures import clock, moment
from seawall.report.roles import starter
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run, open_runs
from seawall.signed import Heard
from seawall.state import State
from seawall.statements import YesStatement

HEARD_WITHIN = 3.0
"""Seconds; a driver looks into its inbox every 20 ms."""
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    run: str
    step: str | None
    key: Path | None = None
    code: str | None = None
    for_: str | None = None
    glass: bool = False
    why: str = ""
    yes: str | None = None
    who: str | None = None


def approve_step(wish: Wish, *, city: Path | None, as_json: bool) -> None:
    """Say yes. Raises: BadInput when it would not count; nothing was said then."""
    _check(wish)
    desk = Desk.at(city)
    run = find_run(desk.runs, wish.run)
    if has_ended(run.journal_path):
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=f"See `seawall show {run.id}`")
    state, me, by = read_state(run), operator(wish.who), judge(desk)
    step = _step(state, wish.step)
    screen = aside() if as_json else out()
    if by is None:
        word = _typed(wish, state, step, me, desk)
        _show_typed(word, state, screen)
        confirm_step(step, wish.yes, screen)
    else:
        statement = _statement(wish, run, state, step, me)
        _refuse_early(by, statement, state)
        _show(statement, state, screen, desk)
        confirm_step(step, wish.yes, screen)
        code = None if wish.code is None else heard(by, statement.by, wish.code, me)
        if code is not None:
            _look_at_places(code, step, desk, screen)
        word = sign_yes(by, statement, wish.key, code)
        if (why := by.why_not(word, state, surroundings().now())) is not None:
            raise _does_not_count(step, why)
    if not is_wanted(word, state):
        raise BadInput.one(
            f"{step} does not wait for a yes; it stands: {state.steps[step].stand.value}",
            where=f"step {step}",
            remedy=f"See `seawall show {run.id}`",
        )
    _lay(run, word, screen, as_json=as_json)


def show_waiting(*, city: Path | None, as_json: bool) -> None:
    """List every step of every open run that waits for a yes, and from whom."""
    desk = Desk.at(city)
    waiting = [
        (run, state, question)
        for run in (RunFolder(desk.runs, one.id) for one in open_runs(desk.runs))
        for state in (read_state(run),)
        for question in questions_of(state)
        if question.asked.what == "approval"
    ]
    if as_json:
        out().raw(json.dumps([_as_json(*one) for one in waiting], indent=2, ensure_ascii=False))
        return
    if judge(desk) is None:
        out().say(TYPED, "warn", hang=2)
    if not waiting:
        out().say("Nothing waits for a yes.", "good")
        next_command(out(), "seawall status")
        return
    for run, state, question in waiting:
        _show_waiting(run, state, question, desk)
    next_command(out(), *(f"seawall approve {run.id} {one.step.id}" for run, _, one in waiting[:3]))


def _show_waiting(run: RunFolder, state: State, one: OpenQuestion, desk: Desk) -> None:
    exercise = run.plan.exercise
    screen = out()
    screen.head(f"{MARK if exercise else 'REAL'}: {words(run.plan.title)}")
    who = "" if desk.people is None else who_is_asked(desk.people, one.asked)
    screen.say(one.in_words(who, language()), "warn", indent=2, hang=2)
    screen.say(words(one.step.does), indent=4)
    given = [f"{yes.by} ({yes.how})" for yes in state.steps[one.step.id].yeses.values()]
    if given:
        screen.say(f"Said yes already: {', '.join(given)}", indent=4, hang=2)
    late = " LATE" if surroundings().now() > one.asked.until else ""
    screen.say(f"{run.id}, until {clock(one.asked.until, desk.zone)[:8]}{late}", "dim", indent=4)


def _as_json(run: RunFolder, state: State, one: OpenQuestion) -> dict[str, Any]:
    return {
        "run": run.id,
        "step": one.step.id,
        "exercise": run.plan.exercise,
        "does": one.step.does.model_dump(mode="json"),
        "of": one.asked.of,
        "person": one.asked.person,
        "until": one.asked.until.isoformat(),
        "missing": one.missing,
        "given": [yes.by for yes in state.steps[one.step.id].yeses.values()],
        "signed": state.yeses.signed,
    }


def _check(wish: Wish) -> None:
    wrong = [
        (
            "--code",
            wish.code is not None and wish.for_ is None,
            "whose code it is, is not said",
            "Add --for PERSON",
        ),
        ("--for", wish.for_ is not None and wish.code is None, "there is no code", "Add --code CODE"),
        (
            "--why",
            wish.glass and not wish.why.strip(),
            "why the glass is broken, is not said",
            "Add --why WORDS",
        ),
        ("--why", bool(wish.why) and not wish.glass, "a yes takes no reason", "Leave it out"),
        (
            "--break-glass",
            wish.glass and wish.code is not None,
            "no code breaks the glass",
            "Sign for it yourself",
        ),
    ]
    for where, is_wrong, problem, remedy in wrong:
        if is_wrong:
            raise BadInput.one(problem, where=where, remedy=remedy)


def _step(state: State, said: str | None) -> str:
    """Return the step that is meant. Raises: BadInput."""
    asking = [name for name, one in state.steps.items() if one.step.approve is not None]
    if said is not None:
        if said not in state.steps:
            raise BadInput.one(
                f"this run has no step {said}", where=f"step {said}", remedy=choose(said, asking)
            )
        if said not in asking:
            remedy = choose(said, asking) if asking else "See `seawall show RUN`"
            raise BadInput.one(f"{said} asks for no yes", where=f"step {said}", remedy=remedy)
        return said
    waiting = [one.step.id for one in questions_of(state) if one.asked.what == "approval"]
    if len(waiting) == 1:
        return waiting[0]
    problem = "several steps wait for a yes" if waiting else "no step waits for a yes now"
    those = ", ".join(waiting or asking)
    remedy = f"Name one: {those}" if those else "See `seawall show RUN`"
    raise BadInput.one(problem, where="STEP", remedy=remedy)


def _typed(wish: Wish, state: State, step: str, me: str, desk: Desk) -> Approved:
    if wish.code is not None:
        remedy = "Let them say it here themselves, or set up a trust root (docs/approvals.md)"
        raise BadInput.one("telephone codes need a trust root on this host", where="--code", remedy=remedy)
    if wish.key is not None:
        remedy = "Leave it out, or set up a trust root (docs/approvals.md)"
        raise BadInput.one(
            "nothing is signed on this host: it has no trust root", where="--key", remedy=remedy
        )
    now, city = surroundings().now(), desk.city.inventory
    word = word_for(state, step, "yes", me, why="", now=now, inventory=city)
    assert isinstance(word, Approved)
    if wish.glass and not _may_break(state, step):
        raise BadInput.one(_NO_GLASS.format(step=step), where="--break-glass", remedy="Ask those who may")
    return word.model_copy(update={"glass": wish.why.strip()}) if wish.glass else word


_NO_GLASS = "the runbook lets nobody break the glass for {step}"


def _may_break(state: State, step: str) -> bool:
    approve = state.steps[step].step.approve
    return approve is not None and approve.break_glass


def _statement(wish: Wish, run: RunFolder, state: State, step: str, me: str) -> YesStatement:
    heard_by = me if wish.code is not None else None
    person = wish.for_ or me
    return statement_for(run, state, step, person, heard_by=heard_by, glass=wish.why.strip())


def _refuse_early(by: Judge, statement: YesStatement, state: State) -> None:
    """Refuse before anybody is asked for a passphrase, when the person may not say yes whatever they sign."""
    if (why := by.why_may_not(statement, state, surroundings().now())) is not None:
        raise _does_not_count(statement.step, why)


def _does_not_count(step: str, why: str) -> BadInput:
    return BadInput.one(
        f"this yes would not count: {why}",
        where=f"step {step}",
        remedy="Ask somebody who may; `seawall approve` says who is asked",
    )


def _show(one: YesStatement, state: State, screen: Screen, desk: Desk) -> None:
    screen.say()
    kind = f"{MARK}" if one.exercise else "THIS IS REAL"
    what = {"approval": "You sign that this may be done", "break-glass": "YOU BREAK THE GLASS"}
    said = what.get(one.kind, f"You sign that you heard {one.by} say yes, by a telephone code")
    screen.say(f"{kind}. {said}:", "mark" if one.exercise else "bad", hang=2)
    planned = state.steps[one.step].step
    back = f"taken back by {planned.undo.uses}" if planned.undo else "there is no way back"
    screen.pairs(
        (
            ("step", f"{one.step}: {words(one.does)}"),
            ("target", state.plan.confirm),
            ("does", f"{one.uses}; {back}" if one.uses else back),
            ("given", ", ".join(f"{name}={_short(value)}" for name, value in one.args.items()) or "nothing"),
            ("run", f"{one.run}, asked for by {words(starter(one.requester))}"),
            ("plan", one.plan),
            ("by", one.by if one.heard_by is None else f"{one.by}, heard by {one.heard_by}"),
            ("counts", f"until {moment(one.expires, desk.zone)}, once"),
            *((("why", one.why),) if one.why else ()),
        )
    )
    if one.heard_by:
        screen.say("A telephone code is weaker than a signature, and every report says so.", "warn", hang=2)
    if one.why:
        screen.say(
            "It opens the step alone. Everybody is told, and a review by somebody else is owed.",
            "bad",
            hang=2,
        )


def _look_at_places(code: Heard, step: str, desk: Desk, screen: Screen) -> None:
    """See that no machine has used a code, before anybody signs for it.

    Raises:
        BadInput: one has.
        PlaceSilent: too few of the city's places answer to tell.
    """
    if not desk.inventory.places:
        screen.say(ONE_HOST, "warn", hang=2)
        return
    with desk.open_world() as world:
        places = places_in(world)
        before = None if places is None else used_at(places, code)
    if before is not None:
        remedy = "Ask for the next code of the sheet, or let somebody sign"
        raise BadInput.one(f"this code was used before: {before}", where=f"step {step}", remedy=remedy)


def _show_typed(word: Approved, state: State, screen: Screen) -> None:
    screen.say(TYPED, "warn", hang=2)
    planned = state.steps[word.step].step
    kind = MARK if state.plan.exercise else "THIS IS REAL"
    said = "YOU BREAK THE GLASS" if word.glass else "You say yes"
    screen.say(
        f"{kind}. {said}, as {word.by}: {words(planned.does)}",
        "mark" if state.plan.exercise else "bad",
        hang=2,
    )


def _short(value: object) -> str:
    """Name what has a name, as a server or a host does; all of it is signed."""
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return str(value["name"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST_ARG else f"{text[:LONGEST_ARG]}..."


LONGEST_ARG = 200
"""Characters of one argument that are shown; all of it is signed, and stands in the plan."""


def confirm_step(step: str, yes: str | None, screen: Screen) -> None:
    """Have the step's name typed. Raises: BadInput; nothing was said."""
    if yes is None:
        if not surroundings().has_terminal():
            remedy = f"Add --yes {step} when that is what you mean"
            raise BadInput.one(
                "nobody can be asked here, for this is no terminal", where="--yes", remedy=remedy
            )
        screen.stream.write(f"Type {step} to say yes, or only Enter to leave it: ")
        screen.stream.flush()
        yes = sys.stdin.readline().strip()
    if yes != step:
        said = f"{yes!r} was given" if yes else "nothing was typed"
        problem = f"the step is {step!r}, and {said}; nothing was said"
        raise BadInput.one(problem, where="--yes", remedy="Read it again; say it anew when it is right")


def _lay(run: RunFolder, word: Approved, screen: Screen, *, as_json: bool) -> None:
    put(run, word)
    heard_it = is_written(run.journal_path) and _heard(run, word)
    if as_json:
        out().raw(
            json.dumps(
                {
                    "run": run.id,
                    "step": word.step,
                    "by": word.by,
                    "how": "typed" if word.signed is None else "code" if word.heard else "signed",
                    "glass": bool(word.glass),
                    "expires": None if word.expires is None else word.expires.isoformat(),
                    "heard": heard_it,
                },
                indent=2,
            )
        )
        return
    how = word.how if word.signed is not None else "typed"
    screen.say()
    if heard_it:
        screen.say(f"Said to {run.id}: yes to {word.step}, by {word.by} ({how}).", "good", hang=2)
        missing = read_state(run).steps[word.step].yeses_wanted
        if missing:
            screen.say(f"It waits for {missing} more.", hang=2)
        more = [f"seawall review {run.id}   # by somebody else, afterwards"] if word.glass else []
        next_command(screen, f"seawall show {run.id}", *more)
    elif (why := refusal_of(run, word)) is not None:
        raise _does_not_count(word.step, why)
    else:
        screen.say(
            f"Laid in the inbox of {run.id}: yes to {word.step}, by {word.by}. Nobody drives it now.", hang=2
        )
        next_command(screen, f"seawall resume {run.id}")


def refusal_of(run: RunFolder, word: Approved) -> str | None:
    """Say why whoever drives the run put a word aside; None when nobody did."""
    folder = run.inbox_path / "refused"
    for path in folder.glob("*.json"):
        if path.read_bytes() == word.model_dump_json().encode():
            return (folder / f"{path.name}.why.txt").read_text(errors="replace")
    return None


def _heard(run: RunFolder, word: Approved) -> bool:
    """Wait until the driver has written the word down, or put it aside."""
    end = time.monotonic() + HEARD_WITHIN
    while time.monotonic() < end:
        if word in read_journal(run.journal_path):
            return True
        if refusal_of(run, word) is not None:
            return False
        time.sleep(POLL)
    return False
