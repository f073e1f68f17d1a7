"""Review a run in which somebody broke the glass: what was done, and what somebody else thinks of it."""

from __future__ import annotations

import json
from pathlib import Path

from console.terminal.desk import Desk
from console.terminal.screen import Screen, aside, next_command, out, words
from console.terminal.signing import TYPED, judge, sign_review
from console.terminal.surroundings import operator, surroundings
from seawall.errors import BadInput
from seawall.journal import Approved
from seawall.journal_file import has_ended
from seawall.messages import MARK
from seawall.report.figures import moment
from seawall.reviews import Review, Verdict, keep_review, owed_by, what_to_review
from seawall.run_folder import RunFolder
from seawall.run_list import find_run
from seawall.statements import review_of


def review_run(
    name: str,
    verdict: Verdict | None,
    *,
    why: str,
    key: Path | None,
    who: str | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Show what there is to review, and keep the verdict when one is given.

    Raises:
        BadInput: nobody broke the glass, the run is not over, or this person may not review it.
    """
    desk = Desk.at(city)
    run = find_run(desk.runs, name)
    head, lines, broken = what_to_review(run)
    screen = aside() if as_json else out()
    _show(run, broken, screen, desk)
    if verdict is None:
        next_command(screen, f'seawall review {run.id} justified --why "..."', f"seawall report {run.id}")
        return
    by = operator(who)
    _check(run, broken, by, why, desk)
    now, judged_by = surroundings().now(), judge(desk)
    statement = review_of(
        run.plan, run=run.id, by=by, now=now, head=head, lines=lines, verdict=verdict, why=why.strip()
    )
    signed = None if judged_by is None else sign_review(judged_by, statement, key)
    if signed is None:
        screen.say(TYPED, "warn", hang=2)
    keep_review(
        run,
        Review(
            run=run.id, head=head, lines=lines, verdict=verdict, why=why.strip(), by=by, at=now, signed=signed
        ),
    )
    if as_json:
        told = {"run": run.id, "verdict": verdict, "by": by, "signed": signed is not None, "head": head}
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    screen.say()
    screen.say(f"Reviewed by {by}: {verdict}. Kept beside the journal of {run.id}.", "good", hang=2)
    next_command(screen, f"seawall report {run.id}")


def _show(run: RunFolder, broken: tuple[Approved, ...], screen: Screen, desk: Desk) -> None:
    plan = run.plan
    kind = MARK if plan.exercise else "REAL"
    screen.say(f"{kind}: {words(plan.title)}", "mark" if plan.exercise else "strong")
    for event in broken:
        screen.say(
            f"{moment(event.at, desk.zone)}: {event.by} BROKE THE GLASS for {event.step}",
            "bad",
            indent=2,
            hang=2,
        )
        screen.say(words(plan.by_id[event.step].does), indent=4)
        screen.say(f"Why: {event.glass}", indent=4, hang=2)
    owed = owed_by(run)
    if owed is None:
        screen.say("It has been reviewed.", "good", indent=2)


def _check(run: RunFolder, broken: tuple[Approved, ...], by: str, why: str, desk: Desk) -> None:
    where = f"run {run.id}"
    if not has_ended(run.journal_path):
        remedy = f"Wait until it has ended: seawall show {run.id} --follow"
        raise BadInput.one("the run is not over", where=where, remedy=remedy)
    if by not in desk.city.inventory.people:
        remedy = "Say who you are with --as NAME"
        raise BadInput.one(f"there is no person {by!r} in this city", where=where, remedy=remedy)
    if by in {event.by for event in broken}:
        remedy = "Ask somebody else to review it"
        raise BadInput.one(f"{by} broke the glass, and cannot review that", where=where, remedy=remedy)
    if not why.strip():
        raise BadInput.one("a verdict says why", where="--why", remedy="Add --why WORDS")
