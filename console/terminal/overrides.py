"""Take one person's override: show what it means, have the step typed, sign it; when it is enough, the run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.terminal.approvals import confirm_step
from console.terminal.carrying import Manner
from console.terminal.reopening import checked, go_on_by, reason_given
from console.terminal.screen import next_command, words
from console.terminal.signing import TYPED, judge, sign_override
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput
from seawall.evidence import GOOD_FOR
from seawall.inventory import Inventory
from seawall.journal import Overridden
from seawall.messages import MARK
from seawall.model import duration_text
from seawall.overriding import people_missing, still_counting
from seawall.plan import Plan
from seawall.run_folder import RunFolder
from seawall.run_list import find_run
from seawall.state import State
from seawall.statements import override_of


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody expects to be lost by going on without evidence for a step, and what makes them sure."""

    step: str
    lost_writes: int
    lost_seconds: float
    why: str


def override_step(
    name: str,
    expected: Expected,
    *,
    key: Path | None,
    yes: str | None,
    without_prefect: bool,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Override a step. Raises: BadInput, Busy; typer.Exit with how the run then ended."""
    manner = Manner.of(city=city, who=who, without_prefect=without_prefect, as_json=as_json, key=key)
    run, step = find_run(manner.desk.runs, name), expected.step
    word = Overridden(
        at=surroundings().now(),
        step=step,
        by=manner.by,
        lost_writes=expected.lost_writes,
        lost_seconds=expected.lost_seconds,
        why=reason_given(expected.why, run, "override", step),
    )
    state = checked(run, word)
    check_may_override(state, word, manner.desk.city.inventory)
    _show(state, word, manner)
    confirm_step(step, yes, manner.screen)
    word = _signed(run, state.plan, word, manner)
    missing = people_missing(state.steps[step], word)
    if missing:
        manner.screen.say(
            f"It takes {missing} more, somebody else, within {duration_text(GOOD_FOR)}. Until then it has failed.",
            "warn",
            hang=2,
        )
        next_command(
            manner.screen,
            f'seawall override {run.id} {step} --lost-writes N --lost-seconds S --why "..." --as SOMEBODY-ELSE',
        )
    go_on_by(run, word, manner)


def check_may_override(state: State, word: Overridden, city: Inventory) -> None:
    """Check that whoever says it has the role that the runbook wants. Raises: BadInput."""
    may = state.steps[word.step].step.override
    assert may is not None, "`checked` has refused what nobody may override"
    able = city.with_role(may.by)
    if word.by not in able:
        raise BadInput.one(
            f"{word.by} is not {may.by}, who may override {word.step}",
            where=word.step,
            remedy=f"Ask one of {', '.join(able) or 'nobody'}; `--as NAME` says who you are",
        )


def _show(state: State, word: Overridden, manner: Manner) -> None:
    screen, planned = manner.screen, state.steps[word.step].step
    kind = MARK if state.plan.exercise else "THIS IS REAL"
    screen.say(
        f"{kind}. YOU OVERRIDE, as {word.by}: {words(planned.does)}",
        "mark" if state.plan.exercise else "bad",
        hang=2,
    )
    screen.say(
        "Nobody has seen that the old primary cannot accept writes. If it can, there will be two.",
        "bad",
        hang=2,
    )
    failure = state.steps[word.step].failure
    if failure is not None:
        screen.say(f"What was seen instead: {failure.problem}", hang=2)
    for other in still_counting(state.steps[word.step], word):
        screen.say(f"{other.by} expects {_loss(other)}: {other.why}", hang=2)
    screen.say(f"You expect {_loss(word)}: {word.why}", hang=2)


def _loss(word: Overridden) -> str:
    return f"to lose {word.lost_writes} writes, {word.lost_seconds:g} seconds of them"


def _signed(run: RunFolder, plan: Plan, word: Overridden, manner: Manner) -> Overridden:
    """Sign it where overrides are signed. Raises: BadInput when it would not count."""
    by = judge(manner.desk)
    if by is None:
        manner.screen.say(TYPED, "warn", hang=2)
        return word
    statement = override_of(
        plan,
        plan.by_id[word.step],
        run=run.id,
        by=word.by,
        now=word.at,
        lost_writes=word.lost_writes,
        lost_seconds=word.lost_seconds,
        why=word.why,
    )
    return word.model_copy(update={"signed": sign_override(by, statement, manner.key)})
