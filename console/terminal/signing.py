"""Sign as the person at this terminal: which key, asked for where it must be, and the word that comes of it.

The key is --key FILE, else what SEAWALL_KEY names, else one that the ssh-agent holds. No passphrase is kept.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from console.terminal.desk import Desk
from console.terminal.screen import Screen
from console.terminal.surroundings import surroundings
from seawall.codes import heard as heard_code
from seawall.codes import read_sheet
from seawall.errors import BadInput, SeawallError
from seawall.journal import Answered, Word
from seawall.judging import NO_TRUST, Judge, judge_for, word_of
from seawall.signed_words import GoingOn, answer_typed, command_of, lets_go_on, statement_of
from seawall.signers import trust_folder
from seawall.sshsig import Signing, fingerprint
from seawall.statements import (
    Namespace,
    OverrideStatement,
    RequestStatement,
    ReviewStatement,
    YesStatement,
    request_for,
    signed,
    yes_to,
)

if TYPE_CHECKING:
    from seawall.journal import Approved
    from seawall.plan import Plan
    from seawall.run_folder import RunFolder
    from seawall.signed import Heard, Signed
    from seawall.state import State

WordT = TypeVar("WordT", bound=Word)
KEY = "SEAWALL_KEY"
"""Names a private key, where no agent holds one."""
TYPED = "No trust root is set up on this host: a yes is typed and proves nobody's word (docs/approvals.md)."

ONE_HOST = "This city has no places: that a telephone code counts once is guarded on this host only (docs/places.md)."


def signed_here() -> bool:
    """Tell whether yeses are signed on this host."""
    return trust_folder() is not None


def answer_command(run: str, step: str, what: str) -> str:
    """Return the command that answers a question of this kind: a yes is signed, where yeses are."""
    return f"seawall {'approve' if what == 'approval' and signed_here() else 'answer'} {run} {step}"


def judge(desk: Desk) -> Judge | None:
    """Return who judges yeses on this host; None where it has no trust root. Raises: BadInput."""
    return judge_for(desk.runs, desk.city.inventory) if signed_here() else None


def signing_key(by: Judge, person: str, namespace: Namespace, key: Path | None) -> Signing:
    """Return the key with which `person` signs here.

    Raises:
        BadInput: they have none here that counts.
        Unreachable: there is an ssh-agent, and it does not answer.
    """
    from connectors.ssh.agent import agent_keys, key_from_file

    named = key or (Path(os.environ[KEY]) if os.environ.get(KEY) else None)
    held = agent_keys()
    now = surroundings().now()
    if named is not None:
        one = key_from_file(named, lambda: _passphrase(named), held)
        if not by.signers.may_sign(one.public_key, namespace, person, now):
            raise _no_key(by, person, namespace, f"{named} is no key that may sign for {person} here")
        return one
    for one in held:
        if by.signers.may_sign(one.public_key, namespace, person, now):
            return one
    holds = f"the ssh-agent holds {len(held)} keys, and none" if held else "there is no ssh-agent with keys"
    raise _no_key(by, person, namespace, f"{holds} that may sign for {person} here" if held else holds)


def sign_yes(by: Judge, statement: YesStatement, key: Path | None, heard: Heard | None = None) -> Approved:
    """Sign a yes. Raises: SeawallError."""
    signer = signing_key(by, statement.signer, statement.namespace, key)
    return word_of(statement, signed(statement, statement.namespace, signer), heard)


def signed_instead(run: RunFolder, state: State, word: Approved, desk: Desk) -> Approved:
    """Return a yes that was typed at a run's own terminal as it counts here: signed, where yeses are signed.

    Raises:
        BadInput: it would not count; says which command signs it.
    """
    by = judge(desk)
    if by is None:
        return word
    statement = statement_for(run, state, word.step, word.by)
    why = by.why_may_not(statement, state, surroundings().now())
    if why is not None:
        remedy = f"Let somebody who may sign for it: seawall approve {run.id} {word.step}"
        raise BadInput.one(f"this yes would not count: {why}", where=f"step {word.step}", remedy=remedy)
    try:
        return sign_yes(by, statement, None)
    except BadInput as error:
        remedy = f"Sign for it where {word.by}'s key is: seawall approve {run.id} {word.step} --as {word.by}"
        raise BadInput.one(error.problem, where=error.where, remedy=remedy) from error


def sign_word(run: RunFolder, state: State, word: WordT, desk: Desk, key: Path | None) -> WordT:
    """Return a word as it counts here: signed, where yeses are and it lets the run go on.

    Raises:
        BadInput: it would not count; says why, and which command signs it.
        Unreachable: there is an ssh-agent, and it does not answer.
    """
    if not isinstance(word, GoingOn) or not lets_go_on(word):
        return word
    by, where = judge(desk), f"step {word.step}"
    if by is None:
        if state.opened is not None and state.yeses.signed:
            raise BadInput.one(NO_TRUST, where=where, remedy="See docs/approvals.md, The trust root")
        return word
    more = f" {answer_typed(word, state.steps[word.step])}" if isinstance(word, Answered) else ' --why "..."'
    again = f"seawall {command_of(word)} {run.id} {word.step}{more} --as {word.by} --key FILE"
    remedy = f"Sign for it where the key is: {again}"
    statement = statement_of(word, state.steps[word.step], run.plan, run=run.id)
    try:
        signer = signing_key(by, word.by, statement.namespace, key)
    except BadInput as error:
        problem = f"what lets a run go on is signed here: {error.problem}"
        raise BadInput.one(problem, where=where, remedy=remedy) from error
    said = word.model_copy(update={"signed": signed(statement, statement.namespace, signer)})
    if (why := by.why_word_does_not_count(said, state, surroundings().now())) is not None:
        raise BadInput.one(f"this would not count: {why}", where=where, remedy=remedy)
    return cast("WordT", said)


def sign_request(desk: Desk, plan: Plan, by: str, run: str, key: Path | None) -> Signed | None:
    """Sign for a run that is about to be opened; None when whoever opens it has no key here. Raises: SeawallError."""
    one = judge(desk)
    if one is None:
        return None
    try:
        signer = signing_key(one, by, "seawall-request", key)
    except SeawallError:
        if key is not None:
            raise
        return None
    statement: RequestStatement = request_for(plan, run=run, requester=by, now=surroundings().now())
    return signed(statement, "seawall-request", signer)


def say_who_signed(run: RunFolder, screen: Screen) -> None:
    """Say, of a run whose steps ask for a yes, whether yeses are signed and whether somebody signed for the run."""
    asks = any(step.approve is not None and step.skipped is None for step in run.plan.steps)
    if not asks:
        return
    opened = run.opened
    if opened.yeses == "typed":
        screen.say(TYPED, "dim", hang=2)
    elif opened.request is None:
        screen.say(
            "Nobody signed for this run: each step that asks for a yes takes one more. To sign: --sign-with FILE,"
            " or ssh-agent.",
            "warn",
            hang=2,
        )
    else:
        screen.say(f"Signed for by {opened.by}.", "dim")


def sign_override(by: Judge, statement: OverrideStatement, key: Path | None) -> Signed:
    """Sign an override. Raises: SeawallError."""
    return signed(statement, "seawall-override", signing_key(by, statement.by, "seawall-override", key))


def sign_review(by: Judge, statement: ReviewStatement, key: Path | None) -> Signed:
    """Sign a review. Raises: SeawallError."""
    return signed(statement, "seawall-review", signing_key(by, statement.by, "seawall-review", key))


def statement_for(
    run: RunFolder, state: State, step: str, person: str, *, heard_by: str | None = None, glass: str = ""
) -> YesStatement:
    """Make the statement that says yes to a step which asks for one."""
    planned = state.steps[step].step
    assert planned.approve is not None
    assert state.opened is not None
    return yes_to(
        state.plan,
        planned,
        run=run.id,
        requester=state.opened.by,
        by=person,
        now=surroundings().now(),
        lasts=planned.approve.lasts,
        heard_by=heard_by,
        why=glass,
    )


def heard(by: Judge, person: str, code: str, listener: str) -> Heard:
    """Turn the code that `listener` heard from `person` into what is kept of it. Raises: BadInput."""
    sheet = read_sheet(by.signers.folder, person)
    if sheet is None:
        remedy = f"Print one for the next time: seawall codes print {person}"
        raise BadInput.one(f"{person} has no sheet of codes", where="--for", remedy=remedy)
    return heard_code(sheet, code, listener)


def _no_key(by: Judge, person: str, namespace: Namespace, problem: str) -> BadInput:
    fingerprints = ", ".join(
        fingerprint(one.key) for one in by.signers.keys_of(person, namespace, surroundings().now())
    )
    has = (
        f"{person} signs with {fingerprints}"
        if fingerprints
        else f"{by.signers.folder} names no key of {person}"
    )
    remedy = "Name it with --key FILE, or give it to the ssh-agent: ssh-add FILE"
    return BadInput.one(f"{problem}; {has}", where="signing key", remedy=remedy)


def _passphrase(path: Path) -> str:
    if not surroundings().has_terminal():
        remedy = f"Give the key to an ssh-agent first: ssh-add {path}"
        raise BadInput.one(
            "its passphrase cannot be asked for, for this is no terminal", where=str(path), remedy=remedy
        )
    return getpass.getpass(f"Passphrase of {path}: ")
