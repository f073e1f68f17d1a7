"""A pretended run as a person reads it: what would be done, what nobody can know before, and what would be left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from console.terminal.plan_screen import MOST_STEPS, facts_as_json, longest
from console.terminal.run_words import in_ours, say
from console.terminal.screen import Screen, Tone, words
from console.terminal.secrets_here import Unread
from console.terminal.secrets_here import as_json as secrets_as_json
from seawall.decide import Finish
from seawall.facts import FactRead
from seawall.foretelling import Foretold, Would
from seawall.inventory import Inventory
from seawall.journal import Outcome
from seawall.messages import MARK
from seawall.model import duration_text
from seawall.pretending import Pretence

TONES: dict[Would, Tone] = {"skip": "dim"}


def ends_well(made: Pretence) -> bool:
    """Tell whether the run came to a good end in the pretended world."""
    return isinstance(made.end, Finish) and made.end.outcome is Outcome.DONE


def show_pretence(
    made: Pretence, facts: Mapping[str, FactRead] | None, screen: Screen, inventory: Inventory
) -> None:
    """Show a pretended run. `facts` is None when none were read."""
    plan = made.plan
    screen.say(say("pretended", title=words(plan.title)), "mark")
    screen.say(say("untouched"))
    kind = say("as", mark=MARK) if plan.exercise else say("for-real")
    screen.say(say("carried-out", kind=kind))
    _show_facts(facts, screen)
    ran = [one for one in made.steps if one.would != "skip"]
    changing = sum(one.step.changes and one.step.by is None for one in ran)
    asked = sum(one.waits_for is not None for one in ran)
    left_out = len(made.steps) - len(ran)
    screen.head(say("would-steps", ran=len(ran), changing=changing, asked=asked, skipped=left_out))
    room = min(28, max((len(one.step.id) for one in made.steps), default=0))
    for n, one in enumerate(made.steps[:MOST_STEPS], 1):
        _show_step(n, one, room, screen, inventory)
    if len(made.steps) > MOST_STEPS:
        screen.say(say("more", count=f"{len(made.steps) - MOST_STEPS:,}"), "strong", indent=2)
    _show_end(made, screen)


def _show_facts(facts: Mapping[str, FactRead] | None, screen: Screen) -> None:
    if facts is None:
        screen.say(say("no-facts"))
        return
    if facts:
        screen.head(say("seen"))
        screen.pairs(
            (name, say("unknown-fact", problem=fact.problem) if fact.seen is None else str(fact.seen))
            for name, fact in facts.items()
        )


def _show_step(n: int, one: Foretold, room: int, screen: Screen, inventory: Inventory) -> None:
    limit = "" if one.would == "skip" else say("at-most", limit=duration_text(one.step.within))
    row = ((f"{n:>3}", 3), (one.step.id, room), (say(one.would), 15), (limit, 0))
    screen.columns(row, TONES.get(one.would, "strong"))
    if one.would == "skip":
        screen.say(say("because", why=in_ours(one.because)), "dim", indent=6)
        return
    screen.say(words(one.step.does), indent=6)
    for remark in _remarks(one, inventory):
        screen.say(remark, "dim", indent=6, hang=2)


def _remarks(one: Foretold, inventory: Inventory) -> Iterator[str]:
    step = one.step
    if one.because:
        yield in_ours(one.because)
    if one.begins_within:
        yield say("begins", limit=duration_text(one.begins_within))
    if one.waits_for is not None:
        role, people = one.waits_for
        who = ", ".join(inventory.with_role(role)) or say("nobody")
        within = step.within if step.by is not None or step.approve is None else step.approve.within
        yes = say("a-yes") if people == 1 else say("yeses", people=people)
        key = "asks" if step.by is not None else "waits-for"
        yield say(key, yes=yes, role=role, who=who, limit=duration_text(within))
    yield from (say("cannot-know", clause=in_ours(clause)) for clause in one.cannot_know)
    if step.undo is not None:
        yield say("back-by", uses=step.undo.uses)
    elif step.no_way_back is not None and step.changes:
        yield say("no-way-back", why=words(step.no_way_back))


def _show_end(made: Pretence, screen: Screen) -> None:
    machines, people = longest(made.plan)
    screen.say()
    asks = say("people-more", limit=duration_text(people)) if people else ""
    screen.say(say("by-limits", limit=duration_text(machines), asks=asks))
    if ends_well(made):
        screen.say(say("ends-well"))
        return
    screen.say(say("ends-badly"), "bad")
    for name in (*made.state.failed, *made.state.doubtful):
        failure = made.state.steps[name].failure
        why = failure.problem if failure else say("waits-for-somebody")
        screen.say(f"{name}: {why}", "bad", indent=2, hang=2)


def pretence_as_json(
    made: Pretence, facts: Mapping[str, FactRead] | None, unread: Sequence[Unread] = ()
) -> dict[str, Any]:
    """Return the pretended run; the keys are documented in docs/json.md."""
    machines, people = longest(made.plan)
    return {
        "pretended": True,
        "facts_read": facts is not None,
        "exercise": made.plan.exercise,
        "runbook": made.plan.runbook,
        "parameters": made.plan.parameters,
        "digest": made.plan.digest,
        "comes_to_its_end": ends_well(made),
        "secrets_unread": secrets_as_json(unread),
        "longest_seconds": machines.total_seconds(),
        "longest_for_people_seconds": people.total_seconds(),
        "facts": facts_as_json(facts or {}),
        "steps": [_step_as_json(one) for one in made.steps],
    }


def _step_as_json(one: Foretold) -> dict[str, Any]:
    step = one.step
    waits = None
    if one.waits_for is not None:
        within: timedelta = step.within if step.approve is None else step.approve.within
        waits = {"by": one.waits_for[0], "people": one.waits_for[1], "within_seconds": within.total_seconds()}
    return {
        "id": step.id,
        "does": step.does.model_dump(mode="json"),
        "uses": step.uses,
        "by": step.by,
        "effect": step.effect.value,
        "would": one.would,
        "because": one.because or None,
        "waits_for_people": waits,
        "after": list(step.after),
        "limit_seconds": step.within.total_seconds(),
        "begins_within_seconds": one.begins_within.total_seconds(),
        "cannot_know": list(one.cannot_know),
        "taken_back_by": step.undo.uses if step.undo else None,
        "no_way_back": None if step.no_way_back is None else step.no_way_back.model_dump(mode="json"),
    }
