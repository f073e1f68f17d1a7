"""What `serve` says: words for a person, or a line of JSON for each thing that happens."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from console.terminal.desk import Desk
from console.terminal.screen import Tone, out, words
from console.terminal.serve.program import Program
from seawall.run_list import Standing, list_runs
from seawall.schedules import Schedule, due_after
from seawall.serve_folder import ServeFolder

_TONES: dict[str, Tone] = {"up": "good", "done": "good", "ended": "bad", "red": "bad"}
_WORDS = {
    "started": "starts",
    "up": "is up",
    "done": "are in place",
    "ended": "ENDED",
    "red": "IS RED: it ended too often",
}
_LOOKED_AT = 10


def due_text(at: datetime, schedule: Schedule) -> str:
    """Write when a schedule is due, on its own clock: `Tue 2026-11-24 10:00 CET`."""
    from zoneinfo import ZoneInfo

    return f"{at.astimezone(ZoneInfo(schedule.timezone)):%a %Y-%m-%d %H:%M %Z}"


def does(schedule: Schedule) -> str:
    """Say what a schedule runs: `drill lose-a-site`."""
    return " ".join([schedule.flow, *schedule.given.values()])


class Said:
    """The voice of one `serve`."""

    def __init__(
        self,
        desk: Desk,
        folder: ServeFolder,
        programs: Sequence[Program],
        prefect_api: str,
        schedules: tuple[Schedule, ...],
        *,
        as_json: bool,
    ) -> None:
        self._desk, self._folder, self._programs, self._prefect_api = desk, folder, programs, prefect_api
        self._schedules, self._as_json = schedules, as_json
        self._stops_within = timedelta()

    def begin(self, stops_within: timedelta) -> None:
        """Say what begins."""
        self._stops_within = stops_within
        self._line("serve", "begins", "", pid=os.getpid(), stops_within=stops_within.total_seconds())
        self._say(
            f"Serving {words(self._desk.city.inventory.city.title)} from {self._desk.folder}.", "strong"
        )
        self._say("Prefect's server takes 10 to 20 seconds to start, the first time longer.", "dim")

    def event(self, program: str, what: str, more: str) -> None:
        """Say what happened to a program."""
        self._line(program, what, more)
        at = self._desk.local(datetime.now().astimezone())
        more = "" if what == "started" else f": {more}" if more else ""
        self._say(f"{at:%H:%M:%S}  {program} {_WORDS[what]}{more}", _TONES.get(what, "dim"), hang=10)

    def all_up(self) -> None:
        """Say, once, what runs, where to look, what is due next, and how to stop."""
        now = datetime.now().astimezone()
        dues = [(one, due) for one in self._schedules if (due := due_after(one, now)) is not None]
        named = {one.name: at.isoformat() for one, at in dues}
        self._line("serve", "up", "", prefect_api=self._prefect_api, due=named)
        if self._as_json:
            return
        with suppress(BrokenPipeError):
            screen = out()
            screen.head("Everything is up.")
            addresses = [(one.name, one.address) for one in self._programs if one.address]
            screen.pairs([*addresses, ("logs", str(self._folder.logs))])
            screen.say("To see runs from a terminal there as well:", indent=2)
            screen.raw(f"    export PREFECT_API_URL={self._prefect_api}")
            screen.head("Next")
            room = max((len(one.name) for one, _ in dues), default=0) + 2
            for one, at in sorted(dues, key=lambda each: each[1]):
                screen.labelled(one.name, f"{due_text(at, one)}  {does(one)}", room=room, indent=2)
            if not dues:
                screen.say("Nothing is scheduled.", indent=2)
            screen.say()
            seconds = round(self._stops_within.total_seconds())
            screen.say(f"Stop with Ctrl-C or kill {os.getpid()}; everything has ended within {seconds} s.")
            screen.raw("Next: seawall serve --check")

    def stopping(self) -> None:
        """Say that everything is asked to end."""
        self._line("serve", "stopping", "")
        self._say("Stopping: every program is asked to end.", "strong")

    def over(self) -> None:
        """Say that everything has ended, and which runs that interrupted."""
        newest = list_runs(self._desk.runs, most=_LOOKED_AT)
        cut = [
            one.id for one in newest if one.standing is Standing.INTERRUPTED and one.by.startswith("prefect:")
        ]
        self._line("serve", "stopped", "", interrupted=cut)
        self._say("Stopped: no program of it is left.", "good")
        for one in cut:
            self._say(f"Run {one} is interrupted; see it with  seawall show {one}", "bad", hang=2)

    def _say(self, text: str, tone: Tone, *, hang: int = 0) -> None:
        if not self._as_json:
            with suppress(BrokenPipeError):  # whoever read this has gone; the programs stay
                out().say(text, tone, hang=hang)

    def _line(self, program: str, what: str, text: str, **more: object) -> None:
        if self._as_json:
            at = datetime.now().astimezone().isoformat()
            with suppress(BrokenPipeError):
                out().raw(json.dumps({"at": at, "program": program, "event": what, "text": text} | more))
