"""What was done by hand while there was only paper, typed back into the run's own journal.

Each step that a person did stands there as done by hand, with the real time, who did it and who typed it in. Order is
respected: a step counts only when those before it are over. What later steps take from what a step *saw* cannot be
typed in; whoever did such a step by hand does those by hand too.

A yes that stands on a paper is unverified: nobody can tell who wrote it. It lets what was done by hand be typed in, and
opens nothing that a machine would do. Where yeses are signed, whoever types signs for what they typed: an attestation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from seawall.decide import Finish, decide
from seawall.errors import BadInput, Mistake
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.journal import ByHand, Ended, Journal
from seawall.notes import checked_note
from seawall.plan import Plan, references
from seawall.state import State
from seawall.step_state import OVER, Stand, StepState

MINUTE = timedelta(minutes=1)
"""A paper says at which minute; a clock on the wall may be a little fast."""
_BY_HAND = frozenset({Stand.WAITING, Stand.UNDER_WAY, Stand.IN_DOUBT, Stand.FAILED})
"""Stands of a step that a person may still do by hand."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a paper: what became of a step.

    Attributes:
        where: of the line, in mistakes: `results.csv:3`, or the step.
        when: when it was over.
        by: who did it, by the name they stand under.
        approved_by: who said yes to it, where that is asked for.
    """

    where: str
    step: str
    result: Literal["done", "not-done"]
    when: datetime
    by: str
    approved_by: tuple[str, ...] = ()
    note: str = ""


class TypingGate(Protocol):
    """Who judges whether a line counts, where yeses are signed: `seawall.judging`."""

    def why_typing_does_not_count(self, event: ByHand, state: State, now: datetime, /) -> str | None:
        """Say why a line is not signed by whoever types it in, or None when it is."""


def type_in(
    journal: Journal,
    plan: Plan,
    results: Sequence[Result],
    inventory: Inventory,
    *,
    by: str,
    now: datetime,
    sign: Callable[[ByHand], ByHand] | None = None,
    gate: TypingGate | None = None,
) -> State:
    """Write results into a journal that is held, and its end when there is nothing left to do.

    `sign` has whoever types sign for each line, and `gate` judges that; without them it is typed.

    Returns:
        How the run stands then.

    Raises:
        BadInput: with everything that is wrong in them; nothing was written.
    """
    state = State(plan, journal.events())
    check_results(state, results, inventory, now)
    events = [(sign or _unsigned)(_event(one, by, now)) for one in results]
    if gate is not None and (wrong := list(_unsigned_lines(results, events, state, gate, now))):
        raise BadInput(wrong)
    journal.append(events)
    for event in events:
        state.apply(event)
    decision = decide(state, now)
    if isinstance(decision, Finish) and state.ended is None:
        end = Ended(at=now, outcome=decision.outcome, left=decision.left)
        journal.append([end])
        state.apply(end)
    return state


def _unsigned(event: ByHand) -> ByHand:
    return event


def _unsigned_lines(
    results: Sequence[Result], events: Sequence[ByHand], state: State, gate: TypingGate, now: datetime
) -> Iterator[Mistake]:
    for one, event in zip(results, events, strict=True):
        if (why := gate.why_typing_does_not_count(event, state, now)) is not None:
            remedy = "Sign for what you type in: --key FILE, SEAWALL_KEY or ssh-agent"
            yield Mistake(one.where, f"{one.step}: {why}", remedy)


def check_results(state: State, results: Sequence[Result], inventory: Inventory, now: datetime) -> None:
    """Check the results against where the run stands. Raises: BadInput, with everything that is wrong."""
    found = [*_in_turn(state, results, inventory, now), *missing_results(state, results)]
    if found:
        raise BadInput(found)


def line_mistakes(
    state: State, before: Sequence[Result], one: Result, inventory: Inventory, now: datetime
) -> list[Mistake]:
    """Return what is wrong with the next line of a paper, after those before it."""
    return [
        mistake for mistake in _in_turn(state, [*before, one], inventory, now) if mistake.where == one.where
    ]


def missing_results(state: State, results: Sequence[Result]) -> Iterator[Mistake]:
    """Yield the steps that cannot do without what a machine would have seen in a step that was done by hand."""
    by_hand = {one.step: one for one in results if one.result == "done"}
    named = {one.step for one in results}
    for step in state.plan.steps:
        stand = state.steps[step.id].stand
        if step.id in named or stand in OVER or step.skipped is not None:
            continue
        checks = [one.args for one in (step.unless, step.proof) if one is not None]
        for name in dict.fromkeys(one.partition(".")[0] for one in references([step.args, *checks])):
            if name in by_hand:
                problem = f"{step.id} takes what {name} saw, and a typed result cannot stand in for that"
                remedy = f"Do {step.id} by hand too and type it in with this, or let the machine do {name}"
                yield Mistake(by_hand[name].where, problem, remedy)


def _in_turn(
    state: State, results: Sequence[Result], inventory: Inventory, now: datetime
) -> Iterator[Mistake]:
    over = {name: one.ended for name, one in state.steps.items() if one.stand in OVER}
    seen: set[str] = set()
    for one in results:
        step = state.steps.get(one.step)
        if step is None:
            problem = f"this plan has no step {one.step}"
            yield Mistake(one.where, problem, choose(one.step, state.steps))
            continue
        if one.step in seen:
            yield Mistake(one.where, f"{one.step} stands here twice", "Leave one of the two out")
        seen.add(one.step)
        yield from _stand(one, step)
        yield from _order(one, step, over, state)
        yield from _time(one, step, over, state, now)
        yield from _people(one, step, inventory, state)
        if one.result == "done":
            over[one.step] = one.when


def _stand(one: Result, step: StepState) -> Iterator[Mistake]:
    if step.step.skipped is not None:
        yield Mistake(
            one.where, f"the plan leaves {one.step} out: {step.step.skipped}", "Leave this line out"
        )
    elif step.stand not in _BY_HAND:
        problem = f"{one.step} stands as {step.stand.value} in the journal already"
        yield Mistake(one.where, problem, "Leave this line out; the journal is what happened")


def _order(
    one: Result, step: StepState, over: Mapping[str, datetime | None], state: State
) -> Iterator[Mistake]:
    left = [name for name in step.step.after if name not in over and state.steps[name].step.skipped is None]
    if left and one.result == "done":
        problem = f"{', '.join(left)} must be over before {one.step}"
        yield Mistake(one.where, problem, f"Type {left[0]} in before it, if it was done; else this one waits")


def _time(
    one: Result, step: StepState, over: Mapping[str, datetime | None], state: State, now: datetime
) -> Iterator[Mistake]:
    if one.when > now + MINUTE:
        yield Mistake(
            one.where,
            f"{one.step}: {one.when:%Y-%m-%d %H:%M} has not come yet",
            "Look at the hour and the day",
        )
    opened = state.opened.at if state.opened else now
    if one.when < opened - MINUTE:
        yield Mistake(
            one.where,
            f"{one.step}: at {one.when:%H:%M} the run had not begun",
            "Look at the hour and the day",
        )
    for name in step.step.after:
        before = over.get(name)
        if before is not None and one.when < before - MINUTE:
            problem = f"{one.step} cannot be over before {name}, which was at its end later"
            yield Mistake(one.where, problem, "Look at both times")


def _people(one: Result, step: StepState, inventory: Inventory, state: State) -> Iterator[Mistake]:
    for name in (one.by, *one.approved_by):
        if name not in inventory.people:
            remedy = f"Give the name somebody stands under: {choose(name, inventory.people)}"
            yield Mistake(one.where, f"{one.step}: there is no person {name!r} in this city", remedy)
    try:
        if one.note:
            checked_note(one.note, one.where, inventory)
    except BadInput as error:
        yield from error.mistakes
    if step.step.note is not None and one.result == "done" and not one.note.strip():
        problem = f"{one.step} asks to note {step.step.note}"
        yield Mistake(one.where, problem, "Write it down; `none` when there was none")
    if one.result == "done":
        yield from _yeses(one, step, inventory, state)


def _yeses(one: Result, step: StepState, inventory: Inventory, state: State) -> Iterator[Mistake]:
    wanted, approve = step.yeses_wanted, step.step.approve
    if approve is None:
        return
    if wanted and approve.paper == "no":
        problem = f"{one.step} takes no yes from a paper: the runbook wants one that can be verified"
        run = state.opened.run if state.opened else "RUN"
        yield Mistake(
            one.where, problem, f"Have it said first: seawall approve {run} {one.step}; then type this"
        )
        return
    asked_for_it = (
        {state.opened.by} if state.opened and state.yeses.signed and not approve.requester_may else set()
    )
    roles = {approve.by, *([approve.escalate.to] if approve.escalate and approve.escalate.to else [])}
    may = [
        name
        for name in dict.fromkeys(one.approved_by)
        if name in inventory.people
        and roles.intersection(inventory.people[name].roles)
        and name not in step.approved_by
        and name not in asked_for_it
    ]
    if len(may) < wanted:
        who = f"a yes from {approve.by}" if wanted == 1 else f"{wanted} people's yes from {approve.by}"
        problem = f"{one.step} needs {who}, and the paper names {', '.join(one.approved_by) or 'nobody'}"
        yield Mistake(one.where, problem, "Write who said yes; without one it must not have been done")


def _event(one: Result, by: str, now: datetime) -> ByHand:
    return ByHand(
        at=now,
        step=one.step,
        by=one.by,
        when=one.when,
        result=one.result,
        note=one.note.strip(),
        approved_by=one.approved_by,
        typed_by=by,
    )
