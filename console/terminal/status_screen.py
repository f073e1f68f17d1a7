"""A city's situation on a terminal: the broken first, then what is not known, what waits, what to type, how to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from console.terminal.from_go_bag import as_typed
from console.terminal.next_steps import next_steps
from console.terminal.screen import Screen, language, words
from console.terminal.status_bags import show_go_bags
from console.terminal.status_runs import show_runs_now, show_schedules
from console.terminal.status_words import CONDITIONS, DOWN, GOES_ON, HEADS, SAYS, UNKNOWN, said
from seawall.messages import MARK
from seawall.report.figures import moment, span
from seawall.sightings import Condition
from seawall.situation import ServiceNow, Situation

MOST = 12
"""Services of a kind that are shown one by one, at most."""
ROOM = 9
INNER = 2 + ROOM


def show_situation(one: Situation, screen: Screen, zone: tzinfo) -> None:
    """Show all of it."""
    title = words(one.city) if one.city else "Seawall"
    screen.say(f"{title}, {moment(one.at, zone)}", "strong")
    _show_first(one, screen, zone)
    down = [each for each in one.services if each.condition is Condition.DOWN]
    unknown = [each for each in one.services if each.condition is Condition.UNKNOWN]
    up = [each for each in one.services if each.condition is Condition.UP]
    if down:
        _show_down(down, up, one, screen, zone)
    if unknown:
        _show_unknown(unknown, one, screen)
    _show_up(up, one, screen, zone)
    show_runs_now(one, screen, zone)
    show_schedules(one, screen, zone)
    show_go_bags(one, screen)
    _show_reviews(one, screen, zone)
    if one.well and one.services:
        screen.say()
        screen.say(said(SAYS["well"]), "good")
    show_next(one, screen)


def _show_reviews(one: Situation, screen: Screen, zone: tzinfo) -> None:
    """Show the reviews that are owed: nobody gets used to a broken glass."""
    for each in one.reviews:
        line = said(SAYS["review-owed"], at=moment(each.since, zone), run=each.run, by=", ".join(each.by))
        screen.say()
        screen.say(line, "bad", hang=2)


def _show_first(one: Situation, screen: Screen, zone: tzinfo) -> None:
    if one.drill is not None:
        screen.say(f"{MARK}: {said(SAYS['drill'], drill=one.drill)}", "mark", hang=2)
    for each in one.freezes:
        line = said(SAYS["frozen"], by=each.by, at=moment(each.at, zone), why=each.why)
        screen.say(f"{line}. {words(GOES_ON)}", "bad", hang=2)
    for problem in one.problems:
        screen.say(problem, "bad", hang=2)


def show_short(one: Situation, screen: Screen, zone: tzinfo) -> None:
    """Show in a few lines whether anything needs anybody."""
    title = words(one.city) if one.city else "Seawall"
    screen.say(f"{title}, {moment(one.at, zone)}", "strong")
    _show_first(one, screen, zone)
    for condition, tone in ((Condition.DOWN, "bad"), (Condition.UNKNOWN, "warn")):
        named = [each for each in one.services if each.condition is condition]
        if named:
            word = words(DOWN if condition is Condition.DOWN else UNKNOWN)
            names = _listed([words(each.title) for each in named])
            screen.labelled(
                word, f"{len(named)}: {names}", "bad" if tone == "bad" else "warn", room=ROOM, indent=2
            )
    ups = [each for each in one.services if each.condition is Condition.UP]
    if one.services:
        screen.labelled(words(HEADS["up"]), _ups(ups, one), room=ROOM, indent=2)
    show_runs_now(one, screen, zone, short=True)
    show_schedules(one, screen, zone, short=True)
    show_go_bags(one, screen, short=True)
    _show_reviews(one, screen, zone)
    show_next(one, screen)


def show_next(one: Situation, screen: Screen) -> None:
    """End with what to type, or whom to ring."""
    steps = next_steps(one)
    screen.say()
    for line in steps.ring:
        screen.say(line, "strong")
    for n, command in enumerate(steps.commands):
        # Never wrapped: a command that is cut in two cannot be copied.
        screen.raw(f"{words(SAYS['next' if n == 0 else 'or'])}{as_typed(command)}")


def _show_down(
    down: Sequence[ServiceNow], up: Sequence[ServiceNow], one: Situation, screen: Screen, zone: tzinfo
) -> None:
    """Show what is broken: in full where nothing below explains it, in a line or two what stands on that."""
    screen.head(f"{words(HEADS['down'])}: {len(down)}")
    looked_at = [each for each in one.services if each.seen_at is not None]
    if len(down) > 1 and len(down) == len(looked_at) and not up:
        screen.say(said(SAYS["cut-off"]), "warn", indent=2, hang=2)
    shown = sorted(down, key=lambda each: len(each.needs_down))[:MOST]
    titles = {each.service: words(each.title) for each in one.services}
    conditions = {each.service: words(CONDITIONS[each.condition]) for each in one.services}
    for each in shown:
        screen.labelled(words(DOWN), _named(each), "bad", room=ROOM, indent=2)
        if each.needs_down:
            names = ", ".join(titles[name] for name in each.needs_down)
            line = said(SAYS["follows"], age=_away(each, one.at), seen=_span(each.age_seconds), names=names)
            screen.say(line, indent=INNER, hang=2)
            _show_left(each, screen)
            continue
        _show_root(each, one, screen, zone)
        dragged = [f"{titles[name]} ({conditions[name]})" for name in each.drags]
        line = f"{said(SAYS['drags'])}: {_listed(dragged)}" if dragged else said(SAYS["no-drags"])
        screen.say(line, "plain" if dragged else "dim", indent=INNER, hang=2)
    _show_rest(len(down), screen)


def _show_root(each: ServiceNow, one: Situation, screen: Screen, zone: tzinfo) -> None:
    assert each.since is not None
    at, age = _at(each.since, one.at, zone), _away(each, one.at)
    screen.say(said(SAYS["since"], at=at, age=age, seen=_span(each.age_seconds)), indent=INNER, hang=2)
    _show_left(each, screen)
    screen.say(f"{said(SAYS['saw'])}: {each.saw}", "dim", indent=INNER, hang=2)
    for name, text in (("without-it", each.without_it), ("instead", each.instead)):
        if text is not None:
            screen.say(f"{said(SAYS[name])}: {words(text)}", indent=INNER, hang=2)
    if each.run_by is not None:
        name = "supplier" if each.telephone else "no-telephone"
        screen.say(said(SAYS[name], by=each.run_by, telephone=each.telephone), indent=INNER, hang=2)


def _show_left(each: ServiceNow, screen: Screen) -> None:
    for target, whole, left in (
        ("RTO", each.rto_seconds, each.rto_left_seconds),
        ("MTPD", each.mtpd_seconds, each.mtpd_left_seconds),
    ):
        if left is not None:
            key = "left" if left > 0 else "over"
            line = said(SAYS[key], target=target, whole=_span(whole), left=_span(abs(left)))
            screen.say(line, "plain" if left > 0 else "bad", indent=INNER, hang=2)


def _away(each: ServiceNow, now: datetime) -> str:
    return _span(None if each.since is None else (now - each.since).total_seconds())


def _show_unknown(unknown: Sequence[ServiceNow], one: Situation, screen: Screen) -> None:
    screen.head(f"{words(HEADS['unknown'])}: {len(unknown)}")
    if len(unknown) == len(one.services) and all(each.seen_at is None and not each.saw for each in unknown):
        screen.say(said(SAYS["nobody-looked"], count=len(unknown)), "warn", indent=2)
        return
    # What was seen once tells more than what never was.
    for each in sorted(unknown, key=lambda each: (not each.watched, each.seen_at is None))[:MOST]:
        screen.labelled(words(UNKNOWN), f"{_named(each)}: {_why_unknown(each)}", "warn", room=ROOM, indent=2)
    _show_rest(len(unknown), screen)


def _why_unknown(one: ServiceNow) -> str:
    if not one.watched:
        return said(SAYS["no-probe"])
    if one.seen_at is None:
        return said(SAYS["untold"], saw=one.saw) if one.saw else said(SAYS["never"])
    if one.was is not None and one.was is not Condition.UNKNOWN:
        return said(SAYS["was"], was=words(CONDITIONS[one.was]), age=_span(one.age_seconds))
    return _missed(one)


def _missed(one: ServiceNow) -> str:
    return said(SAYS["missed-once" if one.misses == 1 else "missed"], misses=one.misses, saw=one.saw)


def _show_up(up: Sequence[ServiceNow], one: Situation, screen: Screen, zone: tzinfo) -> None:
    screen.say()
    if not one.services:
        if one.city is not None:
            screen.say(said(SAYS["no-services"]))
        return
    screen.labelled(words(HEADS["up"]), _ups(up, one), "good" if up else "plain", room=ROOM, indent=2)
    wavering = [each for each in up if each.misses]
    for each in wavering[:MOST]:
        screen.say(f"{_named(each)}: {_missed(each)}", "warn", indent=INNER, hang=2)
    if one.watcher is None:
        screen.say(said(SAYS["nobody-watches"]), "warn", indent=INNER)
    else:
        line = said(SAYS["watched"], by=one.watcher.by, at=_at(one.watcher.since, one.at, zone))
        screen.say(line, "dim", indent=INNER, hang=2)


def _ups(up: Sequence[ServiceNow], one: Situation) -> str:
    if not up:
        return said(SAYS["no-ups"], whole=len(one.services))
    oldest = max(each.age_seconds or 0.0 for each in up)
    return said(SAYS["ups"], count=len(up), whole=len(one.services), age=_span(oldest))


def _show_rest(count: int, screen: Screen) -> None:
    if count > MOST:
        screen.say(said(SAYS["more"], count=f"{count - MOST:,}"), indent=INNER, hang=2)


def _named(one: ServiceNow) -> str:
    return f"{words(one.title)} ({one.service})"


def _listed(names: Sequence[str]) -> str:
    more = f" + {len(names) - MOST:,}" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _span(seconds: float | None) -> str:
    return span(None if seconds is None else float(round(max(0.0, seconds))), language())


def _at(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Write an instant: the time of day when that was today, else the date as well."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
