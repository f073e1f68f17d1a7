"""Whether a yes counts, where this host has a trust root. Pure, but for the telephone codes that it uses up.

A word is judged before it is journalled, by whoever drives; whoever gives it judges it too, to be told at once. What
does not count is put aside with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from seawall.codes import Sheet, read_sheet, spend, spend_at, used_in
from seawall.inventory import Inventory
from seawall.journal import Approved, ByHand, Opened, Overridden, WentAlone
from seawall.judging_overrides import why_override_does_not_count
from seawall.judging_words import (
    why_alone_does_not_count,
    why_typing_does_not_count,
    why_word_does_not_count,
)
from seawall.places import Places, PlaceSilent
from seawall.plan import Plan
from seawall.signed import Heard, Signed
from seawall.signed_words import GoingOn, alone_nonces, lets_go_on
from seawall.signers import Signers, read_trust, trust_folder
from seawall.sshsig import read_signature
from seawall.state import State
from seawall.statements import (
    CLOCKS_DIFFER,
    REQUEST_LASTS,
    RequestStatement,
    YesStatement,
    differences,
    digest_of_args,
    not_now,
    read_statement,
    readable_args,
)
from seawall.step_state import StepState
from seawall.who_may import may_speak_for

TYPED = "it is typed, and here a yes is signed: `seawall approve {run} {step}`"
NO_TRUST = f"this run was opened where yeses are signed, and here is no trust root: set {'SEAWALL_TRUST'} to its folder"
CODES_WANT_PLACES = (
    "used codes are kept at the city's places, and this run is driven without them: sign instead"
)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges by a trust root and a city.

    Attributes:
        runs: where runs are kept, and which codes were used.
        places: the city's places, where a code is used once for all machines; absent in a city that has none.
        sheets: codes that were read already, by person.
    """

    signers: Signers
    city: Inventory
    runs: Path
    places: Places | None = None
    sheets: dict[str, Sheet | None] = field(default_factory=dict)

    def why_not(self, word: Approved, state: State, now: datetime) -> str | None:
        """Say why a yes does not count; None when it does. A telephone code that counts is not used up by asking."""
        if word.signed is None or state.opened is None:
            return TYPED.format(run=state.opened.run if state.opened else "RUN", step=word.step)
        statement = read_statement(YesStatement, word.signed)
        if statement is None:
            return "what is signed is no yes that this version knows"
        return next(self._wrongs(word, statement, word.signed, state, now), None)

    def why_may_not(self, statement: YesStatement, state: State, now: datetime) -> str | None:
        """Say why a person may not say this yes, whatever they sign; None when they may."""
        one = state.steps[statement.step]
        return next(self._wrong_person(statement.by, one, state, now, glass=bool(statement.why)), None)

    def take(self, word: Approved, state: State, now: datetime) -> str | None:
        """The same for whoever drives: a telephone code that counts is used up."""
        why = self.why_not(word, state, now)
        if why is None and word.heard is not None:
            assert word.signed is not None
            why = self._use_up(word.heard, _mark(word.signed))
        return why

    def _use_up(self, code: Heard, what: str) -> str | None:
        """Use a code up for a yes, at every machine before here; say why it does not count, or None when it does."""
        if self.places is None and self.city.places:
            return CODES_WANT_PLACES
        try:
            before = None if self.places is None else spend_at(self.places, code, what)
        except PlaceSilent as error:
            return str(error).removesuffix(".")
        before = before or spend(self.runs, code, what)
        return None if before is None else f"this code was used before: {before}"

    def why_override_does_not_count(self, word: Overridden, state: State, now: datetime) -> str | None:
        """Say why one person's override does not count; None when it does."""
        return why_override_does_not_count(self.signers, self.city, word, state, now)

    def why_word_does_not_count(self, word: GoingOn, state: State, now: datetime) -> str | None:
        """Say why another word that lets the run go on does not count; None when it does."""
        return why_word_does_not_count(self.signers, self.city, word, state, now)

    def why_typing_does_not_count(self, event: ByHand, state: State, now: datetime) -> str | None:
        """Say why a line of a paper is not signed by whoever types it in; None when it is."""
        return why_typing_does_not_count(self.signers, event, state, now)

    def why_alone_does_not_count(
        self, said: WentAlone, plan: Plan, run: str, before: tuple[WentAlone, ...]
    ) -> str | None:
        """Say why two people's word does not let a run go on with one place left; None when it does."""
        return why_alone_does_not_count(
            self.signers,
            self.city,
            said.by,
            said.signatures,
            plan=plan,
            run=run,
            used=alone_nonces(before),
            now=said.at,
        )

    def why_request_does_not_count(self, opened: Opened, plan: Plan) -> str | None:
        """Say why a run's request does not count as signed by who opened it; None when it does."""
        if opened.request is None:
            return "nobody signed for it"
        statement = read_statement(RequestStatement, opened.request)
        if statement is None:
            return "what is signed is no request that this version knows"
        if wrong := differences(statement, plan, opened.run):
            return wrong[0]
        if statement.requester != opened.by:
            return f"{statement.requester} signed it, and {opened.by} opened the run"
        if not -CLOCKS_DIFFER <= opened.at - statement.at <= REQUEST_LASTS:
            return "it was not signed when the run was opened"
        return self.signers.why_not(opened.request, "seawall-request", statement.requester, opened.at)

    def _wrongs(
        self, word: Approved, statement: YesStatement, words: Signed, state: State, now: datetime
    ) -> Iterator[str]:
        """Yield what keeps the yes from counting, what is easiest to tell first."""
        one = state.steps.get(word.step)
        if one is None or one.step.approve is None:
            yield f"{word.step} asks for no yes"
            return
        assert state.opened is not None
        yield from differences(statement, state.plan, state.opened.run)
        yield from _about_another_step(statement, one, state.opened)
        yield from _said_otherwise(word, statement)
        yield from _not_in_time(statement, one, now)
        if statement.nonce in used_nonces(state):
            yield "it was used before: each yes opens one step once"
        if bad := self.signers.why_not(words, statement.namespace, statement.signer, now):
            yield bad
        yield from self._wrong_person(word.by, one, state, now, glass=bool(word.glass))
        if word.heard is None and (other := _same_key(one, word.by, words)) is not None:
            yield f"{other} has said yes with this very key: two people have two keys"
        if word.heard is not None:
            yield from self._wrong_code(word, words, one)
        if word.glass and not one.step.approve.break_glass:
            yield f"the runbook lets nobody break the glass for {word.step}"

    def _wrong_person(
        self, person: str, one: StepState, state: State, now: datetime, *, glass: bool
    ) -> Iterator[str]:
        assert one.step.approve is not None
        assert state.opened is not None
        if person not in self.city.people:
            yield f"there is no person {person!r} in this city"
        elif not may_say_yes(self.city, one, person, now):
            yield (
                f"{person} is not {one.step.approve.by}, nor stands in for one who is away or does not answer"
            )
        if person == state.opened.by and not one.step.approve.requester_may and not glass:
            yield (
                f"{person} asked for this run, and its requester's own yes does not count for {one.step.id}:"
                " ask another person who may"
            )
        if person in one.yeses and not glass:
            yield f"{person} has said yes to {one.step.id} already"

    def _wrong_code(self, word: Approved, words: Signed, one: StepState) -> Iterator[str]:
        assert word.heard is not None
        assert one.step.approve is not None
        if one.step.approve.codes == "no":
            yield f"the runbook takes no telephone codes for {word.step}: it wants a signature"
        if word.glass:
            yield "no telephone code breaks the glass: whoever does that signs for it"
        if word.heard.by == word.by:
            yield "who has a code and can sign, signs: a code is typed by somebody else"
        sheet = self._sheet(word.by)
        if sheet is None:
            yield f"{word.by} has no sheet of codes: `seawall codes print {word.by}`"
        elif not sheet.knows(word.heard):
            yield f"this code is not on the sheet of {word.by}"
        elif (before := used_in(self.runs, word.heard)) is not None and before != _mark(words):
            yield f"this code was used before: {before}"

    def _sheet(self, person: str) -> Sheet | None:
        if person not in self.sheets:
            self.sheets[person] = read_sheet(self.signers.folder, person)
        return self.sheets[person]


def word_of(statement: YesStatement, words: Signed, heard: Heard | None = None) -> Approved:
    """Make the word of a yes that was signed, as it goes into a run's inbox."""
    how = f"signed, {read_signature(words.signature).fingerprint}"
    return Approved(
        at=statement.at,
        step=statement.step,
        by=statement.by,
        how=how if heard is None else f"telephone code {heard.number}, heard by {heard.by}",
        signed=words,
        expires=statement.expires,
        heard=heard,
        glass=statement.why,
    )


class NoTrustHere:
    """Judges a run that was opened where yeses are signed, on a host that cannot check them: nothing counts."""

    def take(self, _word: Approved, _state: State, _now: datetime) -> str | None:
        """Say that it does not count."""
        return NO_TRUST

    why_not = take

    def why_override_does_not_count(self, _word: Overridden, _state: State, _now: datetime) -> str | None:
        """Say that it does not count."""
        return NO_TRUST

    def why_word_does_not_count(self, word: GoingOn, _state: State, _now: datetime) -> str | None:
        """Say that it does not count, unless it only stops."""
        return NO_TRUST if lets_go_on(word) else None

    def why_typing_does_not_count(self, _event: ByHand, _state: State, _now: datetime) -> str | None:
        """Say that it does not count."""
        return NO_TRUST

    def why_alone_does_not_count(
        self, _said: WentAlone, _plan: Plan, _run: str, _before: tuple[WentAlone, ...]
    ) -> str | None:
        """Say that it does not count."""
        return NO_TRUST

    def why_request_does_not_count(self, _opened: Opened, _plan: Plan) -> str | None:
        """Leave it as it was judged where it could be."""
        return None


def judge_for(runs: Path, city: Inventory, places: Places | None = None) -> Judge | None:
    """Return who judges on this host; None where it has no trust root. Raises: BadInput, as `read_trust`.

    `places` are the city's, for whoever drives; whoever only gives a yes uses no code up, and asks none.
    """
    signers = read_trust()
    return None if signers is None else Judge(signers, city, runs, places)


def judge_without_city(opened: Opened | None) -> NoTrustHere | None:
    """Return who judges where nobody said by which city: nobody's yes counts where yeses are signed."""
    signed_here = trust_folder() is not None or (opened is not None and opened.yeses == "signed")
    return NoTrustHere() if signed_here else None


def may_say_yes(city: Inventory, one: StepState, person: str, now: datetime) -> bool:
    """Tell whether a person may say yes to a step: by role, or in place of somebody who is away or does not answer."""
    if one.step.approve is None:
        return False
    roles = {one.step.approve.by, *(role for role, _ in one.in_line)}
    return may_speak_for(city, one, roles, person, now)


def _same_key(one: StepState, person: str, words: Signed) -> str | None:
    """Return who else said yes to the step with the key of these words."""
    key = read_signature(words.signature).key
    others = (
        (other.by, other.signed) for other in one.yeses.values() if other.by != person and not other.heard
    )
    return next((by for by, said in others if said and read_signature(said.signature).key == key), None)


def used_nonces(state: State) -> frozenset[str]:
    """Return the nonces of every yes that this run has heard."""
    read = (read_statement(YesStatement, one.signed) for one in state.yeses.said if one.signed is not None)
    return frozenset(one.nonce for one in read if one is not None)


def _about_another_step(statement: YesStatement, one: StepState, opened: Opened) -> Iterator[str]:
    if statement.step != one.step.id:
        yield f"it is about the step {statement.step}, and this is {one.step.id}"
    elif (statement.args_digest, statement.uses) != (digest_of_args(one.step), one.step.uses):
        yield f"it is about {one.step.id} with other arguments than the plan's"
    elif (statement.args, statement.does) != (readable_args(one.step), one.step.does):
        yield f"what its giver read of {one.step.id} is not what the plan says"
    if statement.requester != opened.by:
        yield f"it says that {statement.requester} asked for the run, and {opened.by} did"


def _said_otherwise(word: Approved, statement: YesStatement) -> Iterator[str]:
    """What is journalled beside the signed words must say the same as they do."""
    heard_by = None if word.heard is None else word.heard.by
    kind = "attestation" if word.heard else "break-glass" if word.glass else "approval"
    signed = (
        statement.by,
        statement.at,
        statement.expires,
        statement.heard_by,
        statement.why,
        statement.kind,
    )
    if signed != (word.by, word.at, word.expires, heard_by, word.glass, kind):
        yield "what it says beside its signed words is something else than they say"


def _not_in_time(statement: YesStatement, one: StepState, now: datetime) -> Iterator[str]:
    assert one.step.approve is not None
    yield from not_now(statement, statement.expires, now)
    if statement.expires - statement.at > one.step.approve.lasts:
        yield "it would count for longer than the runbook lets a yes count"


def _mark(words: Signed) -> str:
    statement = read_statement(YesStatement, words)
    return "" if statement is None else f"run {statement.run}, step {statement.step}, {statement.nonce}"
