"""Open runs and schedules on a terminal: what waits for whom, how long is left, and how to stop it."""

from __future__ import annotations

from datetime import tzinfo

from console.terminal.doubt_screen import show_doubt
from console.terminal.from_go_bag import as_typed
from console.terminal.screen import Screen, language, words
from console.terminal.status_words import (
    BADLY,
    HEADS,
    OVERDUE,
    REAL,
    SAYS,
    STANDINGS,
    WAITS,
    YES,
    YESES,
    said,
)
from seawall.messages import MARK
from seawall.report.figures import moment, span
from seawall.report.roles import starter
from seawall.report.signing import UNVERIFIED
from seawall.report.words import OUTCOMES
from seawall.run_list import Standing
from seawall.schedules import Kept
from seawall.situation import RunNow, Situation, StepNow, Wait, Who

MOST = 12
ROOM = 9
INNER = 2 + ROOM


def show_runs_now(one: Situation, screen: Screen, zone: tzinfo, *, short: bool = False) -> None:
    """Show the runs that have not ended, real ones first; or that there is none, and which was the last."""
    if one.runs:
        screen.head(f"{words(HEADS['runs'])}: {len(one.runs)}")
        for run in one.runs[:MOST]:
            _show(run, one, screen, zone, short=short)
        if len(one.runs) > MOST:
            screen.say(said(SAYS["more"], count=len(one.runs) - MOST), indent=INNER, hang=2)
        return
    screen.say()
    latest = one.latest
    if latest is None:
        screen.say(said(SAYS["no-runs-yet"]))
        return
    ended = latest.ended_at or latest.opened_at
    outcome = OUTCOMES[latest.outcome.value].in_(language()) if latest.outcome else "-"
    mark = f" ({MARK})" if latest.exercise else ""
    age = _span((one.at - ended).total_seconds())
    line = said(SAYS["latest"], run=f"{latest.id}{mark}", age=age, outcome=outcome)
    screen.say(f"{said(SAYS['no-runs'])} {line}", hang=2)


def show_schedules(one: Situation, screen: Screen, zone: tzinfo, *, short: bool = False) -> None:
    """Show the schedules: what did not run is red."""
    late = [each for each in one.schedules if each.kept is Kept.OVERDUE]
    badly = [each for each in one.schedules if each.ended_badly]
    stopped = one.serve is not None and one.serve.well is False
    nobodys = [each.name for each in one.schedules if each.kept is Kept.NOBODY]
    red = (Kept.OVERDUE, Kept.NOBODY)
    fine = [each.name for each in one.schedules if each.kept not in red and not each.ended_badly]
    if not one.schedules or (short and not late and not badly and not stopped):
        return
    screen.head(words(HEADS["schedules"]))
    for each in late:
        line = said(SAYS["late"], name=each.name, at=moment(each.missed, zone), age=_span(each.late_seconds))
        screen.labelled(words(OVERDUE), line, "bad", room=ROOM, indent=2)
    for each in badly:
        age = _span((one.at - each.last_began).total_seconds() if each.last_began else None)
        line = said(SAYS["badly"], name=each.name, age=age, last=each.last)
        screen.labelled(words(BADLY), line, "bad", room=ROOM, indent=2)
    if stopped and one.serve is not None:
        line = said(SAYS["serve"], saw=one.serve.saw)
        screen.labelled(words(BADLY), line, "bad", room=ROOM, indent=2)
    if nobodys and not short:
        screen.say(said(SAYS["kept-by-nobody"], names=", ".join(nobodys)), "warn", indent=2, hang=2)
    if fine and not short:
        screen.say(said(SAYS["on-time"], names=", ".join(fine)), indent=2, hang=2)


def _show(run: RunNow, one: Situation, screen: Screen, zone: tzinfo, *, short: bool) -> None:
    needs_somebody = run.standing is not Standing.UNDER_WAY
    head = f"{words(run.title)}: {words(STANDINGS[run.standing.value])}"
    if run.exercise:
        screen.say(MARK, "mark", indent=2)
        screen.say(head, "warn" if needs_somebody else "plain", indent=INNER, hang=2)
    else:
        screen.labelled(words(REAL), head, "bad" if needs_somebody else "strong", room=ROOM, indent=2)
    age = _span((one.at - run.opened_at).total_seconds())
    began = said(SAYS["began"], run=run.id, by=words(starter(run.by)), age=age)
    if run.last_at is not None:
        began += f"; {said(SAYS['last-line'], age=_span((one.at - run.last_at).total_seconds()))}"
    screen.say(began, "dim", indent=INNER, hang=2)
    if run.problem:
        screen.say(run.problem, "bad", indent=INNER, hang=2)
    for wait in run.waits:
        screen.say(f"{_wanted(wait)}; {_left(wait)}", "warn", indent=INNER, hang=2)
        if wait.who is not None:
            _show_who(wait, wait.who, screen, zone)
        if not short:
            screen.say(words(wait.does), indent=INNER + 2, hang=2)
    for step in run.under_way if run.standing is not Standing.INTERRUPTED else ():
        screen.say(f"{step.step}: {words(step.does)}; {_left(step)}", indent=INNER, hang=2)
    _show_doubts(run, screen, zone, short=short)
    for yes in run.unverified:
        line = words(UNVERIFIED).format(step=yes.step, who=", ".join(yes.by))
        screen.say(line, "bad", indent=INNER, hang=2)
    if run.standing is not Standing.UNREADABLE:
        screen.raw(f"{' ' * INNER}{words(SAYS['stop'])}: {as_typed(f'seawall abort {run.id}')}")


def _show_doubts(run: RunNow, screen: Screen, zone: tzinfo, *, short: bool) -> None:
    """Say what nobody knows; in full, what a person needs to know before they say it."""
    asked = {wait.step for wait in run.waits}
    if doubtful := [name for name in run.in_doubt if name not in asked]:
        screen.say(said(SAYS["doubt"], steps=", ".join(doubtful)), "bad", indent=INNER, hang=2)
    for doubt in () if short else run.doubts:
        if len(run.doubts) > 1:
            screen.say(f"{doubt.step}: {words(doubt.does)}", "strong", indent=INNER, hang=2)
        if run.standing is Standing.INTERRUPTED:
            line = said(SAYS["doubt-proof" if doubt.proof else "doubt-no-proof"], proof=doubt.proof)
            screen.say(line, indent=INNER + 2, hang=2)
        show_doubt(doubt, screen, zone, indent=INNER + 2)


def _show_who(wait: Wait, who: Who, screen: Screen, zone: tzinfo) -> None:
    """Say by name who the role is now; once its time is up, whom to ask."""
    if wait.left_seconds <= 0:
        people = ", ".join(who.deputies or who.may_act)
        screen.say(said(SAYS["ask-now"], people=people), "bad", indent=INNER + 2, hang=2)
    else:
        uncovered = who.because == "nobody"
        screen.say(_named(who, zone), "bad" if uncovered else "strong", indent=INNER + 2, hang=2)


def _named(who: Who, zone: tzinfo) -> str:
    if who.because == "no roster":
        return ", ".join(who.may_act)
    if who.on_duty is None:
        nobody = said(SAYS["outside-hours" if who.because == "outside hours" else "nobody-on-duty"])
        return nobody + said(SAYS["may-act"], people=", ".join(who.deputies or who.may_act))
    line = said(SAYS["on-duty"], person=who.on_duty)
    if who.instead_of is not None:
        line += said(SAYS["instead-of"], away=who.instead_of)
    if who.handover_at is not None:
        line += said(SAYS["handover"], at=f"{who.handover_at.astimezone(zone):%Y-%m-%d %H:%M}")
    return line + (said(SAYS["when-late"], people=", ".join(who.deputies)) if who.deputies else "")


def _wanted(wait: Wait) -> str:
    people = said(YES) if wait.people <= 1 else said(YESES, count=wait.people)
    return said(WAITS[wait.what], step=wait.step, people=people, of=wait.of)


def _left(one: Wait | StepNow) -> str:
    key = "time-left" if one.left_seconds > 0 else "time-over"
    return said(SAYS[key], left=_span(abs(one.left_seconds)))


def _span(seconds: float | None) -> str:
    return span(None if seconds is None else float(round(max(0.0, seconds))), language())
