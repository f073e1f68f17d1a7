"""Whether one person's override counts, where yeses are signed: what they signed, and whether they may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from seawall.inventory import Inventory
from seawall.journal import Overridden
from seawall.signers import Signers
from seawall.sshsig import read_signature
from seawall.state import State
from seawall.statements import OVERRIDE_LASTS, OverrideStatement, differences, digest_of_args, read_statement


def why_override_does_not_count(
    signers: Signers, city: Inventory, word: Overridden, state: State, now: datetime
) -> str | None:
    """Say why it does not count; None when it does."""
    if word.signed is None or state.opened is None:
        return "it is typed, and here an override is signed: `seawall override`"
    statement = read_statement(OverrideStatement, word.signed)
    if statement is None:
        return "what is signed is no override that this version knows"
    return next(_wrongs(signers, city, word, statement, state, now), None)


def _wrongs(  # noqa: PLR0917 - what it is judged by, and what is judged
    signers: Signers,
    city: Inventory,
    word: Overridden,
    statement: OverrideStatement,
    state: State,
    now: datetime,
) -> Iterator[str]:
    assert state.opened is not None
    assert word.signed is not None
    one = state.steps[word.step]
    yield from differences(statement, state.plan, state.opened.run)
    said = (word.step, word.by, word.lost_writes, word.lost_seconds, word.why, word.at)
    if said != (
        statement.step,
        statement.by,
        statement.lost_writes,
        statement.lost_seconds,
        statement.why,
        statement.at,
    ):
        yield "it says something else than what was signed"
    if statement.args_digest != digest_of_args(one.step):
        yield f"it is about {one.step.id} with other arguments than the plan's"
    if not -OVERRIDE_LASTS <= now - statement.at <= OVERRIDE_LASTS:
        yield "it was not signed just now"
    if bad := signers.why_not(word.signed, "seawall-override", statement.by, now):
        yield bad
        return
    key = read_signature(word.signed.signature).key
    may = one.step.override
    if may is None or word.by not in city.with_role(may.by):
        yield f"{word.by} is not {may.by if may else 'asked'}, who may override {word.step}"
    for other in one.overrides.values():
        if other.by != word.by and other.signed and read_signature(other.signed.signature).key == key:
            yield f"{other.by} has said so with this very key: two people have two keys"
