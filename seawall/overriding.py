"""What two people's override comes to: evidence that nobody has seen, said so, and what they expect to lose by it.

Each says it by a word of their own, for a step that failed, where the runbook lets them. The words count together only
when they were said within a short time of one another: both spoke of what is so now.
"""

from __future__ import annotations

from typing import Any

from seawall.evidence import GOOD_FOR, Fenced, Override
from seawall.journal import Overridden
from seawall.step_state import StepState


def still_counting(one: StepState, word: Overridden, *, also_own: bool = False) -> tuple[Overridden, ...]:
    """Return the words of other people that count together with `word`, the oldest first."""
    others = (said for said in one.overrides.values() if also_own or said.by != word.by)
    return tuple(said for said in others if abs(word.at - said.at) <= GOOD_FOR)


def people_missing(one: StepState, word: Overridden) -> int:
    """Return how many more people are wanted after this word."""
    wanted = 0 if one.step.override is None else one.step.override.people
    return max(0, wanted - len(still_counting(one, word)) - 1)


def overridden(one: StepState, word: Overridden) -> dict[str, Any] | None:
    """Take one person's word in, and return what the step would have seen; None while more people are wanted."""
    said = (*still_counting(one, word), word)
    one.overrides = {each.by: each for each in said}
    if one.step.override is None or len(said) < one.step.override.people:
        return None
    server: dict[str, Any] = one.step.args["server"]
    evidence = Override(
        by=tuple(each.by for each in said),
        lost_writes=max(each.lost_writes for each in said),
        lost_seconds=max(each.lost_seconds for each in said),
        why=tuple(each.why for each in said),
    )
    fenced = Fenced(
        server=server["name"],
        host=server["host"]["name"],
        system_identifier=server["system_identifier"],
        at=word.at,
        evidence=evidence,
    )
    one.summary = str(evidence)
    return fenced.model_dump(mode="json")
