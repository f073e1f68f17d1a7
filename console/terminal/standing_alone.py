"""Sign that nobody else is at a run, so that it may go on with one place left: one of the two people it takes."""

from __future__ import annotations

import json
from pathlib import Path

from console.terminal.confirming import confirm
from console.terminal.desk import Desk
from console.terminal.screen import Screen, aside, next_command, out, words
from console.terminal.signing import judge, signing_key
from console.terminal.surroundings import operator, surroundings
from seawall.alone import keep_alone, signed_alone, went_alone
from seawall.errors import BadInput
from seawall.journal_file import has_ended
from seawall.judging import Judge
from seawall.messages import MARK
from seawall.model import duration_text
from seawall.report.figures import moment
from seawall.run_folder import RunFolder
from seawall.run_list import find_run
from seawall.signed_words import ALONE_LASTS, AloneStatement, alone_nonces, alone_of
from seawall.statements import Namespace, read_statement, signed

SPACE: Namespace = "seawall-only-one-place"


def sign_alone(
    name: str,
    *,
    why: str,
    key: Path | None,
    yes: str | None,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Sign it. Raises: BadInput; nothing was signed then."""
    desk, me = Desk.at(city), operator(who)
    run, by = find_run(desk.runs, name), judge(desk)
    _check(run, by, why, me, desk)
    assert by is not None, "`_check` has refused a host that signs nothing"
    screen = aside() if as_json else out()
    statement = alone_of(run.plan, run=run.id, by=me, why=" ".join(why.split()), now=surroundings().now())
    _show(run, statement, screen, desk)
    confirm(run.plan.confirm, yes, screen, command=f"seawall approve {run.id} --only-one-place ...")
    keep_alone(run, me, signed(statement, SPACE, signing_key(by, me, SPACE, key)))
    both = _who_signed(run, desk)
    if as_json:
        told = {"run": run.id, "by": me, "signed": both, "expires": statement.expires.isoformat()}
        out().raw(json.dumps(told, indent=2))
        return
    screen.say(f"Signed, as {me}, until {moment(statement.expires, desk.zone)}, once.", "good", hang=2)
    if len(both) < 2:  # noqa: PLR2004 - two people
        screen.say("It takes one more, somebody else.", "warn")
        next_command(screen, f'seawall approve {run.id} --only-one-place --why "..." --as SOMEBODY-ELSE')
    else:
        next_command(screen, f"seawall resume {run.id} --only-one-place {both[0]} {both[1]}")


def _check(run: RunFolder, by: Judge | None, why: str, me: str, desk: Desk) -> None:
    where = "--only-one-place"
    if has_ended(run.journal_path):
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=f"See `seawall show {run.id}`")
    if not desk.inventory.places:
        raise BadInput.one("the city has no places", where=where, remedy="Leave it out")
    if by is None:
        remedy = f"Name both of you: seawall resume {run.id} --only-one-place NAME NAME"
        raise BadInput.one("nothing is signed on this host: it has no trust root", where=where, remedy=remedy)
    if me not in desk.inventory.people:
        raise BadInput.one(
            f"{me} is not one of the city's people", where=where, remedy="Say who you are: --as NAME"
        )
    if not why.strip():
        remedy = 'Say what makes you sure that nobody else is at it: --why "..."'
        raise BadInput.one("no reason is given", where="--why", remedy=remedy)


def _show(run: RunFolder, one: AloneStatement, screen: Screen, desk: Desk) -> None:
    screen.say()
    kind = MARK if one.exercise else "THIS IS REAL"
    screen.say(
        f"{kind}. You sign that nobody else is at this run, and that it may go on alone:",
        "mark" if one.exercise else "bad",
        hang=2,
    )
    screen.pairs(
        (
            ("run", f"{one.run}: {words(run.plan.title)}"),
            ("target", run.plan.confirm),
            ("plan", one.plan),
            ("by", one.by),
            ("why", one.why),
            ("counts", f"until {moment(one.expires, desk.zone)}, once ({duration_text(ALONE_LASTS)})"),
        )
    )
    screen.say(
        "Too few of the city's places answer: no other machine will know what this one does. If another is at the run"
        " too, things are done twice.",
        "bad",
        hang=2,
    )


def _who_signed(run: RunFolder, desk: Desk) -> list[str]:
    """Return whose words lie there, have not expired and were not used."""
    now, found, used = surroundings().now(), list[str](), alone_nonces(went_alone(run))
    for person in desk.inventory.people:
        words_ = signed_alone(run, person)
        statement = None if words_ is None else read_statement(AloneStatement, words_)
        if statement is not None and now <= statement.expires and statement.nonce not in used:
            found.append(person)
    return found
