"""What people sign besides a yes: a word that lets a run go on. Whatever only stops it needs no signature.

A failed step left out or tried again, a person's own step done, a doubt settled with "it happened", going on with one
place left, and what a paper says. Each names run, plan, step and reason, counts once, and for a while.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime

from seawall.journal import Answered, ByHand, Retried, Skipped, WentAlone
from seawall.model import Name, StepId, Text
from seawall.plan import Plan
from seawall.signed import Signed
from seawall.statements import Header, Namespace, digest_of_args, header, read_statement
from seawall.step_state import Stand, StepState

WORDS_LAST = timedelta(minutes=30)
"""How long such a word may lie in a run's inbox: as a yes, it is given with the world of that moment in mind."""
ALONE_LASTS = timedelta(minutes=15)
"""How old the word may be that nobody else is at a run: it speaks of what is so now, as an override does."""

GoingOn = Skipped | Retried | Answered
"""Words that are signed where yeses are; of the answers, those that let a run go on."""
About = Literal["failed", "person", "doubt", "undo-doubt"]


class WordStatement(Header):
    """A word about one step that lets a run go on.

    Attributes:
        about: what it answers: that the step failed, that it is for a person, or that its ending was not seen.
        answer: with an answer, what it says.
        expires: after this it counts no more.
    """

    kind: Literal["skip", "retry", "answer"]
    step: StepId
    does: Text
    args_digest: str
    about: About
    answer: Literal["happened"] | None = None
    note: str = ""
    why: str
    by: Name
    expires: AwareDatetime

    @property
    def namespace(self) -> Namespace:
        """What its signature is given for."""
        return _SPACES[self.kind]


class AloneStatement(Header):
    """That nobody else is at this run, and that it may go on though too few places answer; by one of the two."""

    kind: Literal["only-one-place"] = "only-one-place"
    by: Name
    why: str
    expires: AwareDatetime


class PaperStatement(Header):
    """What a paper says of a step, by whoever types it in. A yes on it stays unverified."""

    kind: Literal["paper"] = "paper"
    step: StepId
    does: Text
    args_digest: str
    result: Literal["done", "not-done"]
    by: str
    when: AwareDatetime
    note: str
    approved_by: tuple[str, ...]
    typed_by: Name


_SPACES: dict[str, Namespace] = {
    "skip": "seawall-skip",
    "retry": "seawall-retry",
    "answer": "seawall-answer",
}


def lets_go_on(word: object) -> bool:
    """Tell whether a word about a step lets a run go on, and so is signed where yeses are."""
    return isinstance(word, Skipped | Retried) or (isinstance(word, Answered) and word.answer == "happened")


def command_of(word: GoingOn) -> Literal["skip", "retry", "answer"]:
    """Name the command that says a word."""
    match word:
        case Skipped():
            return "skip"
        case Retried():
            return "retry"
        case Answered():
            return "answer"


def answer_typed(word: Answered, one: StepState) -> str:
    """Return the word that one types to say an answer: a person's own step is done, a doubt happened."""
    return "done" if word.answer == "happened" and one.step.by is not None else word.answer


def about_now(word: GoingOn, one: StepState) -> About:
    """Say what a word about a step answers, as the step stands."""
    if not isinstance(word, Answered):
        return "failed"
    if one.step.by is not None:
        return "person"
    return "undo-doubt" if one.stand is Stand.UNDO_IN_DOUBT else "doubt"


def statement_of(word: GoingOn, one: StepState, plan: Plan, *, run: str) -> WordStatement:
    """Make the statement that a person signs for a word."""
    is_answer = isinstance(word, Answered)
    return WordStatement(
        **header(plan, run=run, now=word.at).fields,
        kind=command_of(word),
        **_step(plan, word.step),
        about=about_now(word, one),
        answer="happened" if is_answer else None,
        note=word.note if isinstance(word, Answered) else "",
        why=word.why,
        by=word.by,
        expires=word.at + WORDS_LAST,
    )


def alone_of(plan: Plan, *, run: str, by: str, why: str, now: datetime) -> AloneStatement:
    """Make the statement that one of two people signs who let a run go on with one place left."""
    return AloneStatement(**header(plan, run=run, now=now).fields, by=by, why=why, expires=now + ALONE_LASTS)


def paper_of(event: ByHand, plan: Plan, *, run: str) -> PaperStatement:
    """Make the statement that whoever types a paper in signs for one of its lines."""
    return PaperStatement(
        **header(plan, run=run, now=event.at).fields,
        **_step(plan, event.step),
        result=event.result,
        by=event.by,
        when=event.when,
        note=event.note,
        approved_by=event.approved_by,
        typed_by=event.typed_by,
    )


def alone_nonces(events: tuple[WentAlone, ...]) -> frozenset[str]:
    """Return the nonces of every word by which the run went on alone before."""
    return _nonces(AloneStatement, [one for event in events for one in event.signatures])


def word_nonces(words: list[GoingOn]) -> frozenset[str]:
    """Return the nonces of every such word that a run has heard."""
    return _nonces(WordStatement, [one.signed for one in words if one.signed is not None])


def _nonces(kind: type[Header], signed: list[Signed]) -> frozenset[str]:
    read = (read_statement(kind, one) for one in signed)
    return frozenset(one.nonce for one in read if one is not None)


def _step(plan: Plan, step: str) -> dict[str, Any]:
    planned = plan.by_id[step]
    return {"step": planned.id, "does": planned.does, "args_digest": digest_of_args(planned)}
