"""Whether a word that lets a run go on counts, where yeses are signed: what was signed, by whom, and that it is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from seawall.inventory import Inventory
from seawall.journal import Answered, ByHand
from seawall.plan import Plan
from seawall.signed import Signed
from seawall.signed_words import (
    ALONE_LASTS,
    WORDS_LAST,
    AloneStatement,
    GoingOn,
    PaperStatement,
    WordStatement,
    about_now,
    answer_typed,
    command_of,
    lets_go_on,
    word_nonces,
)
from seawall.signers import Signers
from seawall.sshsig import read_signature
from seawall.state import State
from seawall.statements import Header, differences, digest_of_args, not_now, read_statement
from seawall.step_state import StepState
from seawall.who_may import asks_anew, why_may_not_answer

TYPED = "it is typed, and here it is signed: `seawall {command} {run} {step}{answer} --as NAME --key FILE`"


def why_word_does_not_count(
    signers: Signers, city: Inventory, word: GoingOn, state: State, now: datetime
) -> str | None:
    """Say why a word about a step does not count; None when it does, or needs no signature because it only stops."""
    if not lets_go_on(word):
        return None
    if word.signed is None or state.opened is None:
        run = state.opened.run if state.opened else "RUN"
        answer = f" {answer_typed(word, state.steps[word.step])}" if isinstance(word, Answered) else ""
        return TYPED.format(command=command_of(word), run=run, step=word.step, answer=answer)
    statement = read_statement(WordStatement, word.signed)
    if statement is None:
        return f"what is signed is no {command_of(word)} that this version knows"
    return next(_wrongs(signers, city, word, statement, state, now), None)


def why_alone_does_not_count(
    signers: Signers,
    city: Inventory,
    by: Sequence[str],
    signatures: Sequence[Signed],
    *,
    plan: Plan,
    run: str,
    used: frozenset[str],
    now: datetime,
) -> str | None:
    """Say why two people's word does not let a run go on with one place left; None when it does."""
    if len(by) != len(signatures) or len(set(by)) < 2:  # noqa: PLR2004 - two people
        return "they are only named, and here each signs"
    keys: set[bytes] = set()
    for person, words in zip(by, signatures, strict=True):
        if person not in city.people:
            return f"there is no person {person!r} in this city"
        statement = read_statement(AloneStatement, words)
        if statement is None or statement.by != person:
            return f"{person} has signed nothing of the kind"
        if wrong := next(_alone_wrongs(statement, plan, run, used, now), None):
            return f"{person}: {wrong}"
        if bad := signers.why_not(words, "seawall-only-one-place", person, now):
            return bad
        keys.add(read_signature(words.signature).key)
    return None if len(keys) == len(by) else "both signed with one key: two people have two keys"


def why_typing_does_not_count(signers: Signers, event: ByHand, state: State, now: datetime) -> str | None:
    """Say why a line of a paper is not signed by whoever types it in; None when it is."""
    if event.signed is None or state.opened is None:
        return "it is typed in by nobody who signs for it"
    statement = read_statement(PaperStatement, event.signed)
    if statement is None:
        return "what is signed is no line of a paper that this version knows"
    if wrong := next(iter(differences(statement, state.plan, state.opened.run)), None):
        return wrong
    fields = ("step", "result", "by", "when", "note", "approved_by", "typed_by", "at")
    if any(getattr(statement, name) != getattr(event, name) for name in fields):
        return "it says something else than what was signed"
    if statement.args_digest != digest_of_args(state.steps[event.step].step):
        return f"it is about {event.step} with other arguments than the plan's"
    return signers.why_not(event.signed, "seawall-paper", event.typed_by, now)


def _wrongs(  # noqa: PLR0917 - what it is judged by, and what is judged
    signers: Signers,
    city: Inventory,
    word: GoingOn,
    statement: WordStatement,
    state: State,
    now: datetime,
) -> Iterator[str]:
    assert state.opened is not None
    assert word.signed is not None
    one = state.steps[word.step]
    yield from differences(statement, state.plan, state.opened.run)
    yield from _said_otherwise(word, statement, one)
    yield from _not_in_time(statement, statement.expires, WORDS_LAST, now)
    if statement.nonce in word_nonces(state.yeses.words):
        yield _USED
    if bad := signers.why_not(word.signed, statement.namespace, word.by, now):
        yield bad
    if not asks_anew(word, one) and (other := why_may_not_answer(city, state, one, word.by, now)):
        yield other


def _said_otherwise(word: GoingOn, statement: WordStatement, one: StepState) -> Iterator[str]:
    answer, note = (word.answer, word.note) if isinstance(word, Answered) else (None, "")
    said = (command_of(word), word.step, word.by, word.why, word.at, answer, note)
    signed = (
        statement.kind,
        statement.step,
        statement.by,
        statement.why,
        statement.at,
        statement.answer,
        statement.note,
    )
    if said != signed:
        yield "it says something else than what was signed"
    if statement.about != about_now(word, one):
        yield f"it was signed about another question than {one.step.id} asks now"
    if (statement.args_digest, statement.does) != (digest_of_args(one.step), one.step.does):
        yield f"it is about {one.step.id} with other words or arguments than the plan's"


def _alone_wrongs(
    statement: AloneStatement, plan: Plan, run: str, used: frozenset[str], now: datetime
) -> Iterator[str]:
    yield from differences(statement, plan, run)
    yield from _not_in_time(statement, statement.expires, ALONE_LASTS, now)
    if statement.nonce in used:
        yield _USED


_USED = "it was used before: each counts once"


def _not_in_time(statement: Header, expires: datetime, lasts: timedelta, now: datetime) -> Iterator[str]:
    yield from not_now(statement, expires, now)
    if expires - statement.at > lasts:
        yield "it would count for longer than such a word may"
