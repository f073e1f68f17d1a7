"""`doctor --send-test`: try each person's channels, once each, after asking; and say what came of it.

Accepted is not delivered, and delivered is not read: what is said is what the relay or Slack said. Nobody is
telephoned; that is for a person to do, with the number in hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.terminal.desk import Desk
from console.terminal.people_words import say
from console.terminal.screen import Screen, Tone, next_command, out
from console.terminal.surroundings import operator, surroundings
from console.terminal.trial_sending import Senders, send
from console.terminal.trial_ways import NOT_SENT, Outcome, Way, refuse_during_a_drill, sorted_out, ways_to
from seawall.channels import read_channels
from seawall.errors import BadInput, ExitCode
from seawall.trial_letter import TRIAL

TONES: dict[str, Tone] = {"accepted": "good", "by hand": "plain", "not sent": "plain"}
ROOM = 22


@dataclass(frozen=True, slots=True)
class Meant:
    """Who is to be written to: one of the three, or everybody. `wanted`: that a test was asked for at all."""

    person: str | None
    role: str | None
    audience: str | None
    wanted: bool


def try_channels(city: Path | None, meant: Meant, *, yes: bool, as_json: bool) -> ExitCode:
    """Send the tests that are meant. Returns: DONE when each that was sent was accepted, else FAILED.

    Raises:
        BadInput: nobody of that name, a drill is under way, or nobody can be asked whether to send. Nothing was sent.
        JournalError: what was tried before cannot be read, or what came of a test cannot be kept.
    """
    if not meant.wanted:
        problem = "a person, a role, an audience and --yes go with --send-test"
        raise BadInput.one(problem, where="doctor", remedy="Add --send-test, or leave them out")
    desk, screen = Desk.at(city), out()
    ways = ways_to(desk.inventory, person=meant.person, role=meant.role, audience=meant.audience)
    refuse_during_a_drill(desk)
    to_send, outcomes = sorted_out(ways, read_channels(desk.runs))
    if not as_json:
        _show_plan(to_send, outcomes, screen)
    if to_send and not (yes or _agreed(to_send, screen)):
        screen.say("Nothing was sent.")
        return ExitCode.FAILED
    with desk.open_world() as world:
        for one in send(to_send, desk, Senders.of(world), operator(None)):
            outcomes.append(one)
            if not as_json:
                _show(one, screen)
    well = _show_end(outcomes, screen, as_json=as_json)
    return ExitCode.DONE if well else ExitCode.FAILED


def _show_plan(to_send: Sequence[Way], left: Sequence[Outcome], screen: Screen) -> None:
    people = len({one.whom for one in to_send if one.kind == "person"})
    counted = f"{len(to_send)} message{'' if len(to_send) == 1 else 's'}"
    screen.say(f"{TRIAL}: {counted}, to {people} {'person' if people == 1 else 'people'}", "mark")
    for one in left:
        if one.came_to != "by hand":
            _show(one, screen)
    by_hand = [one.way.whom for one in left if one.came_to == "by hand"]
    if by_hand:
        screen.labelled("telephone", f"nothing here rings by itself: {', '.join(by_hand)}", room=ROOM)
        screen.labelled(
            "", "seawall person show NAME has the number; say that it is a test.", "dim", room=ROOM
        )


def _agreed(ways: Sequence[Way], screen: Screen) -> bool:
    """Ask before anything leaves. Raises: BadInput when nobody can be asked."""
    if not surroundings().has_terminal():
        problem = f"{len(ways)} messages would be sent, and nobody can be asked, for this is no terminal"
        raise BadInput.one(problem, where="--send-test", remedy="Add --yes when that is what you mean")
    for way in ways:
        screen.labelled(_called(way), say(str(way.channel)), room=ROOM)
    screen.stream.write(f"Send {len(ways)} messages marked {TRIAL}? Type yes, or only Enter to leave it: ")
    screen.stream.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def _called(way: Way) -> str:
    return f"channel of {way.whom}" if way.kind == "audience" else way.whom


def _show(one: Outcome, screen: Screen) -> None:
    """Say what came of one way, and what to do."""
    said = {"accepted": "accepted; whether it was read is not known"}.get(one.came_to, one.came_to)
    problem = f": {one.problem}" if one.problem else ""
    channel = "" if one.way.channel is None else f"{say(one.way.channel)}, "
    screen.labelled(_called(one.way), f"{channel}{said}{problem}", TONES.get(one.came_to, "bad"), room=ROOM)
    if one.remedy:
        screen.labelled("", f"{one.remedy}.", "dim", room=ROOM)


def _show_end(outcomes: Sequence[Outcome], screen: Screen, *, as_json: bool) -> bool:
    sent = [one for one in outcomes if one.came_to not in NOT_SENT]
    taken = [one for one in sent if one.came_to == "accepted"]
    unreached = [one for one in outcomes if one.came_to == "no channel"]
    well = len(taken) == len(sent) and not unreached
    if as_json:
        tests = [
            {
                "whom": one.way.whom,
                "kind": one.way.kind,
                "channel": one.way.channel,
                "outcome": one.came_to,
                "problem": one.problem or None,
                "remedy": one.remedy or None,
            }
            for one in outcomes
        ]
        screen.raw(json.dumps({"well": well, "tests": tests}, indent=2, ensure_ascii=False))
    else:
        screen.say()
        words = f"{len(taken)} of {len(sent)} accepted by the relay or Slack. Accepted is not read: ask them."
        words += f" {len(unreached)} cannot be reached at all." if unreached else ""
        screen.say(words, "good" if well else "bad")
        next_command(screen, "seawall person list")
    return well
