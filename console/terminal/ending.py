"""How a run ended, said to whoever drove it: outcome, what went wrong and its remedy, what stands, what is next."""

from __future__ import annotations

import json

from console.terminal.run_screen import questions_of, run_as_json
from console.terminal.screen import Screen, Tone, language, next_command, out
from console.terminal.signing import answer_command
from seawall.decide import Ask, Finish
from seawall.errors import ExitCode
from seawall.journal import Outcome
from seawall.reopening import MAY_GO_ON
from seawall.report.figures import plain, span
from seawall.report.words import OUTCOMES
from seawall.run_folder import RunFolder, read_state
from seawall.state import State
from seawall.step_state import Stand

CODES = {Outcome.DONE: ExitCode.DONE, Outcome.NO_LONGER_HOLDS: ExitCode.STALE}
TONES: dict[Outcome, Tone] = {Outcome.DONE: "good", Outcome.UNDONE: "good"}


def exit_code(end: Finish | Ask, state: State) -> ExitCode:
    """Return what the end of a run is to a script."""
    if isinstance(end, Ask) or state.doubtful or state.under_way:
        return ExitCode.IN_DOUBT
    return CODES.get(end.outcome, ExitCode.FAILED)


def show_end(
    run: RunFolder,
    end: Finish | Ask,
    screen: Screen,
    *,
    as_json: bool,
    of_prefect: str = "",
    alone: bool = True,
) -> None:
    """Say how it ended and, unless it is one of several, what to do next."""
    state = read_state(run)
    if as_json and alone:
        out().raw(json.dumps(run_as_json(run, state), indent=2, ensure_ascii=False))
    screen.say()
    if isinstance(end, Ask):
        screen.say("It waits for people, and their time is up. Nothing is lost: the run can go on.", "bad")
        _show_whom(state, screen)
    else:
        took = _took(state)
        outcome = OUTCOMES[end.outcome.value].in_(language())
        screen.say(f"{outcome.upper()}{f' in {took}' if took else ''}", TONES.get(end.outcome, "bad"))
    for one in (state.steps[name] for name in (*state.failed, *state.doubtful)):
        if one.failure is not None:
            screen.say(
                f"{one.step.id} ({plain(one.failure.where)}): {one.failure.problem}.", indent=2, hang=2
            )
            screen.say(f"{one.failure.remedy}.", "strong", indent=4)
        elif one.refused:
            screen.say(f"{one.step.id}: {one.summary or 'a person said no'}", indent=2, hang=2)
    for one in (one for one in state.steps.values() if one.stand is Stand.OVERRIDDEN):
        screen.say(f"{one.step.id}: {one.summary}", "bad", indent=2, hang=2)
    if isinstance(end, Finish) and end.left:
        screen.say(f"Still stands, or is not known: {', '.join(end.left)}", "bad", indent=2, hang=2)
    if of_prefect:
        screen.say(f"Prefect: {of_prefect}", "dim", indent=2, hang=2)
    if alone:
        next_command(screen, *_next(run, end, state))


def _show_whom(state: State, screen: Screen) -> None:
    """Name who is waited for, now that nobody drives the run."""
    for one in questions_of(state):
        screen.say(one.in_words(language=language()), "bad", indent=2, hang=2)


def show_stop(run: RunFolder, screen: Screen) -> None:
    """Say what Ctrl-C leaves behind: nobody drives the run, and what was under way may still end by itself."""
    state = read_state(run)
    screen.say()
    screen.say("Stopped driving. Nothing that was done is lost.", "bad")
    for name in state.under_way:
        one = state.steps[name]
        if one.step.changes:
            screen.say(
                f"{name} was under way and may still happen; going on looks at its proof.", indent=2, hang=2
            )
    if state.changed:
        screen.say(f"Changed so far: {', '.join(state.changed)}", indent=2, hang=2)
    next_command(
        screen, f"seawall resume {run.id}", f"seawall abort {run.id}   # --undo takes back what was done"
    )


def _next(run: RunFolder, end: Finish | Ask, state: State) -> list[str]:
    if isinstance(end, Ask):
        answers = [answer_command(run.id, one.step.id, one.asked.what) for one in questions_of(state)]
        return [*answers[:3], f"seawall resume {run.id}"]
    if end.outcome is Outcome.DONE:
        return [f"seawall report {run.id}"]
    may = [name for name in state.failed if state.steps[name].step.override is not None]
    last_resort = [
        f'seawall override {run.id} {name} --lost-writes N --lost-seconds S --why "..."   # two people, the last resort'
        for name in may
    ]
    back = f"seawall undo {run.plan.undoes or run.id}" if state.changed or run.plan.undoes else None
    fresh = None if run.plan.undoes else _plan_again(run)
    if end.outcome not in MAY_GO_ON or not state.failed:
        return [one for one in (f"seawall show {run.id}", *last_resort, back, fresh) if one]
    again = f'seawall retry {run.id} {next(iter(state.failed))} --why "..."'
    skip = f'seawall skip {run.id} {next(iter(state.failed))} --why "..."'
    if (
        end.outcome is Outcome.NO_LONGER_HOLDS
    ):  # what is out of date is planned again before it is tried again
        return [one for one in (fresh, f"seawall show {run.id}", again, back) if one]
    return [one for one in (f"seawall show {run.id}", *last_resort, again, skip, back, fresh) if one]


def _plan_again(run: RunFolder) -> str:
    given = " ".join(f"{name}={value}" for name, value in run.plan.parameters.items())
    return f"seawall plan {run.plan.runbook} {given}".rstrip()


def _took(state: State) -> str:
    if state.opened is None or state.ended is None:
        return ""
    return span((state.ended.at - state.opened.at).total_seconds(), language())
