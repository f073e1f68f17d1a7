"""Whether a step has the yeses it needs, and who may give one.

Until approvals are signatures, a yes is typed and journalled with who and when; the rules are already here.
"""

from __future__ import annotations

from collections.abc import Collection

from seawall.errors import BadInput
from seawall.journal import Acknowledged, Answered, Approved, Notified, Overridden, Retried, Skipped
from seawall.plan import PlannedStep
from seawall.reopening import why_not
from seawall.state import State
from seawall.step_state import Stand, StepState


def still_wanted(one: StepState) -> int:
    """Return how many more people must say yes before the step may start."""
    return one.yeses_wanted


def is_wanted(  # noqa: PLR0911 - one return a kind of word
    word: Approved | Answered | Acknowledged | Notified | Skipped | Retried | Overridden, state: State
) -> bool:
    """Tell whether the run waits for such a word, or will: an approval may come before it is asked for.

    An answer to a doubt counts for the attempt that its giver knew of, and for no later one.
    """
    one = state.steps.get(word.step)
    if one is None:
        return False
    if isinstance(word, Notified):
        return True
    if isinstance(word, Skipped | Retried | Overridden):
        return why_not(word, state) is None
    if isinstance(word, Acknowledged) or word_passes_on(word):
        return word.step in state.for_people and (one.asked is not None or isinstance(word, Acknowledged))
    if isinstance(word, Approved) or word.answer == "no":
        return one.step.approve is not None and one.stand is Stand.WAITING
    if one.step.by is not None:
        return word.step in state.ready
    return word.step in state.doubtful and one.begun is not None and word.at >= one.begun


def word_passes_on(word: Approved | Answered) -> bool:
    """Tell whether somebody says that what they are asked is not for them."""
    return isinstance(word, Answered) and word.answer == "cannot"


def check_may_approve(
    step: PlannedStep, person: str, roles: Collection[str], also: Collection[str] = ()
) -> None:
    """Check that `person`, who has `roles`, may say yes to `step`; `also` are the roles it was escalated to.

    Raises:
        BadInput: the step asks nobody, or asks somebody else.
    """
    if step.approve is None:
        raise BadInput.one(f"{step.id} waits for no approval", where=step.id, remedy="See `seawall show RUN`")
    if not {step.approve.by, *also}.intersection(roles):
        raise BadInput.one(
            f"{person} is not {step.approve.by}, who must approve {step.id}",
            where=step.id,
            remedy="Ask somebody who is; `--as NAME` says who you are",
        )
