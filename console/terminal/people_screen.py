"""What `person` and `duty` show: names, who is on duty, what was tried and when; numbers in `person show` alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from console.terminal.people_seen import OLD, Duties, Everybody, PersonNow, RoleNow, Way
from console.terminal.people_words import day_and_time, say
from console.terminal.screen import Screen, language, next_command
from seawall.on_duty import Stretch
from seawall.report.figures import span

NARROWEST, WIDEST = 14, 28
"""Columns of a name."""
BAD = ("refused", "unreachable", "in doubt")


def show_list(seen: Everybody, screen: Screen, *, as_json: bool) -> None:
    """Show everybody by name."""
    if as_json:
        told = {
            "at": seen.at.isoformat(),
            "people": [_person_json(one, addresses=False) for one in seen.people],
            "roles": [_role_json(one) for one in seen.roles],
            "uncovered": _uncovered_json(seen.uncovered),
            "gaps": [{"person": one, "missing": "channel"} for one in seen.unreached],
        }
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    _show_roles(seen.roles, seen.at, seen.zone, screen)
    screen.head(say("people"))
    room = _room(one.name for one in seen.people)
    for one in seen.people:
        _show_person(one, seen, screen, room)
    _show_gaps(seen.uncovered, seen.zone, screen)
    if seen.unreached:
        screen.head(say("unreached"))
        screen.say(", ".join(seen.unreached), "bad", indent=2)
        screen.say(f"{say('write-channel')}.", indent=2)
    if seen.untold:
        screen.say()
        screen.say(seen.untold, "bad")
    screen.say()
    screen.say(say("accepted-is-not-read"), "dim")
    somebody = seen.people[0].name if seen.people else "NAME"
    next_command(screen, f"seawall person show {somebody}", f"seawall doctor --send-test {somebody}")


def show_one(seen: Everybody, screen: Screen, *, as_json: bool) -> None:
    """Show one person, with every way to reach them."""
    (one,) = seen.people
    if as_json:
        told = {"at": seen.at.isoformat(), "people": [_person_json(one, addresses=True)]}
        screen.raw(
            json.dumps(
                told | {"roles": [_role_json(role) for role in seen.roles]}, indent=2, ensure_ascii=False
            )
        )
        return
    screen.say(say("stands-as", title=one.person.title, name=one.name), "strong")
    if one.away_until is not None:
        screen.say(say("away", at=day_and_time(one.away_until, seen.zone, language())), "bad")
    screen.pairs(
        (
            (say("roles"), ", ".join(one.person.roles) or say("none")),
            (say("reads"), say(one.person.language or "both")),
            (say("deputies"), ", ".join(one.person.deputies) or say("none")),
            *((say(way.channel), f"{way.address}, {_tried(way, seen)}") for way in one.ways),
        )
    )
    if not one.ways:
        screen.say(f"{say('unreached')}. {say('write-channel')}.", "bad")
    if seen.roles:
        _show_roles(seen.roles, seen.at, seen.zone, screen)
    next_command(screen, f"seawall doctor --send-test {one.name}")


def show_duty(seen: Duties, screen: Screen, *, as_json: bool) -> None:
    """Show who is on duty."""
    if as_json:
        told = {
            "at": seen.at.isoformat(),
            "roles": [_role_json(one) for one in seen.roles],
            "uncovered": _uncovered_json(seen.uncovered),
        }
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    _show_roles(seen.roles, seen.at, seen.zone, screen)
    _show_gaps(seen.uncovered, seen.zone, screen)
    on_duty = next((one.on_duty.person for one in seen.roles if one.on_duty.person), "NAME")
    next_command(screen, f"seawall person show {on_duty}")


def _show_roles(roles: Iterable[RoleNow], at: datetime, zone: ZoneInfo, screen: Screen) -> None:
    screen.head(say("on-duty", at=day_and_time(at, zone, language())))
    roles = tuple(roles)
    room = _room(one.role for one in roles)
    for one in roles:
        now, may = one.on_duty, ", ".join(one.people)
        match now.because:
            case "no roster":
                screen.labelled(one.role, say("no-roster", who=may), "dim", room=room, indent=2)
            case "outside hours":
                screen.labelled(one.role, say("outside", who=may), "dim", room=room, indent=2)
            case "nobody":
                why = f": {say('nobody-away', who=now.instead_of)}" if now.instead_of else ""
                screen.labelled(one.role, f"{say('nobody')}{why}", "bad", room=room, indent=2)
            case _:
                screen.labelled(
                    one.role, f"{now.person}, {_how_long(one, zone)}", "strong", room=room, indent=2
                )
        if now.instead_of and now.person:
            screen.labelled("", say("instead", who=now.instead_of), room=room, indent=2)
        if now.deputies:
            screen.labelled("", say("late", who=", ".join(now.deputies)), room=room, indent=2)


def _how_long(one: RoleNow, zone: ZoneInfo) -> str:
    if one.handover is None:
        return say("for-good")
    at, then = one.handover
    return say("until", at=day_and_time(at, zone, language()), who=then.person or say("nobody"))


def _show_person(one: PersonNow, seen: Everybody, screen: Screen, room: int) -> None:
    marks = [*(f"{say('on-duty-as')}: {role}" for role in one.on_duty_as)]
    if one.away_until is not None:
        marks.append(say("away", at=day_and_time(one.away_until, seen.zone, language())))
    roles = ", ".join(role for role in one.person.roles if role not in one.on_duty_as)
    about = "; ".join(filter(None, (*marks, roles))) or say("none")
    screen.labelled(one.name, about, "strong" if one.on_duty_as else "plain", room=room, indent=2)
    ways = "; ".join(f"{say(way.channel)} {_tried(way, seen)}" for way in one.ways)
    bad = not one.ways or any(way.tried is not None and way.tried.outcome in BAD for way in one.ways)
    screen.labelled("", ways or say("unreached"), "bad" if bad else "dim", room=room, indent=2)


def _room(names: Iterable[str]) -> int:
    return min(WIDEST, max(NARROWEST, *(len(name) + 2 for name in names), 0))


def _tried(way: Way, seen: Everybody) -> str:
    if way.is_by_hand:
        return say("by-hand")
    if seen.untold:
        return say("untold")
    if way.tried is None:
        return say("never")
    age = seen.at - way.tried.at
    old = say("old") if age > OLD else ""
    return say(way.tried.outcome, age=_age(age.total_seconds())) + old


def _age(seconds: float) -> str:
    """Write how long ago something was, no finer than anybody cares."""
    day, minute = 86_400, 60
    if seconds < minute:
        return span(max(1.0, round(seconds)), language())
    return f"{round(seconds / day)} d" if seconds >= 2 * day else span(seconds // minute * minute, language())


def _show_gaps(gaps: Iterable[tuple[str, Stretch]], zone: ZoneInfo, screen: Screen) -> None:
    listed = list(gaps)
    if not listed:
        return
    screen.head(say("uncovered"))
    room = _room(role for role, _ in listed)
    for role, gap in listed:
        since, until = (day_and_time(at, zone, language()) for at in (gap.since, gap.until))
        away = gap.on_duty.instead_of
        why = f"; {say('nobody-away', who=away)}" if away else ""
        screen.labelled(role, say("from-to", since=since, until=until) + why, "bad", room=room, indent=2)


def _person_json(one: PersonNow, *, addresses: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name,
        "roles": list(one.person.roles),
        "on_duty_as": list(one.on_duty_as),
        "deputies": list(one.person.deputies),
        "away_until": one.away_until.isoformat() if one.away_until else None,
        "language": one.person.language,
        "channels": [_way_json(way, address=addresses) for way in one.ways],
    }
    return told | {"title": one.person.title} if addresses else told


def _way_json(way: Way, *, address: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "channel": way.channel,
        "by_hand": way.is_by_hand,
        "tested_at": way.tried.at.isoformat() if way.tried else None,
        "outcome": way.tried.outcome if way.tried else None,
        "tested_by": way.tried.by if way.tried else None,
    }
    return told | {"address": way.address} if address else told


def _role_json(one: RoleNow) -> dict[str, Any]:
    return {
        "role": one.role,
        "people": list(one.people),
        "on_duty": one.on_duty.person,
        "because": one.on_duty.because,
        "instead_of": one.on_duty.instead_of,
        "deputies": list(one.on_duty.deputies),
        "handover_at": None if one.handover is None else one.handover[0].isoformat(),
        "handover_to": None if one.handover is None else one.handover[1].person,
    }


def _uncovered_json(gaps: Iterable[tuple[str, Stretch]]) -> list[dict[str, Any]]:
    return [
        {
            "role": role,
            "since": gap.since.isoformat(),
            "until": gap.until.isoformat(),
            "instead_of": gap.on_duty.instead_of,
        }
        for role, gap in gaps
    ]
