"""Whether a failed step may be left out or tried again, and why not. Such a word makes a run that has ended go on."""

from __future__ import annotations

from seawall.journal import Outcome, Overridden, Retried, Skipped
from seawall.overriding import still_counting
from seawall.state import State
from seawall.step_state import Stand

MAY_GO_ON = frozenset({Outcome.FAILED, Outcome.REFUSED, Outcome.NO_LONGER_HOLDS})
"""Outcomes that a person may decide not to leave it at. What was stopped stays stopped."""


def why_not(  # noqa: PLR0911 - one return a reason
    word: Skipped | Retried | Overridden, state: State
) -> str | None:
    """Say why a run cannot go on by this word, as a sentence without a stop; None when it can."""
    one = state.steps.get(word.step)
    if one is None:
        return f"this run has no step {word.step}"
    if state.abort is not None:
        return "a person stopped this run, and it stays stopped"
    if state.ended is not None and state.ended.outcome not in MAY_GO_ON:
        return f"this run has ended: {state.ended.outcome.value}"
    if word.step in state.doubtful:
        return f"{word.step} is in doubt; whether it happened must be answered first"
    if one.stand is not Stand.FAILED:
        return f"{word.step} did not fail; it stands: {one.stand.value}"
    if isinstance(word, Retried) and one.changed:
        return f"the change of {word.step} is in the world, though not as expected, and is not made twice"
    if isinstance(word, Overridden):
        if one.step.override is None:
            return f"the runbook lets nobody override {word.step}"
        if any(before.by == word.by for before in still_counting(one, word, also_own=True)):
            return f"{word.by} has said so already; it takes somebody else"
    return None


def wants_what_is_not_there(state: State, step: str) -> tuple[str, ...]:
    """Return the steps that take what `step` would have seen, and so cannot run when it is left out."""
    from seawall.plan import references

    found = []
    for one in state.plan.steps:
        calls = [one.args, *(check.args for check in (one.unless, one.proof) if check is not None)]
        if one.skipped is None and any(name.partition(".")[0] == step for name in references(calls)):
            found.append(one.id)
    return tuple(found)
