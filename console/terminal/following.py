"""Show a run's events as they come, from its journal, whoever drives it."""

from __future__ import annotations

import time
from datetime import tzinfo

from console.terminal.screen import Screen, Tone, words
from seawall.journal import Event, Failed
from seawall.journal_file import read_journal
from seawall.plan import Plan
from seawall.report.figures import clock
from seawall.report.telling import told
from seawall.run_folder import RunFolder
from seawall.run_list import Standing, summary_of

LOOKS_EVERY = 0.2
"""Seconds between looks at the journal."""
BEGINS_WITHIN = 60.0
"""Seconds after which a run that nobody has begun is not waited for."""
OVER = frozenset({Standing.ENDED, Standing.INTERRUPTED, Standing.UNREADABLE})
TONES: dict[str, Tone] = {"asked": "bad", "failed": "bad", "abort-asked": "bad", "started": "dim"}


def show_event(event: Event, plan: Plan, screen: Screen, zone: tzinfo, *, indent: int = 0) -> None:
    """Show one event as a line; what went wrong with its remedy."""
    line = f"{clock(event.at, zone)} {words(told(event, plan))}"
    screen.say(line, TONES.get(event.kind, "plain"), indent=indent, hang=13)
    if isinstance(event, Failed):
        screen.say(f"{event.remedy}.", indent=indent + 13)


def follow_run(run: RunFolder, zone: tzinfo, screen: Screen, *, as_json: bool = False) -> None:
    """Show what has happened and what happens, until the run ends or nobody drives it. Ctrl-C leaves it alone."""
    shown, size, deadline = 0, -1, time.monotonic() + BEGINS_WITHIN
    while True:
        standing = summary_of(run).standing
        over = standing in OVER or (standing is Standing.NOT_BEGUN and time.monotonic() > deadline)
        now = run.journal_path.stat().st_size
        if now != size:
            events = read_journal(run.journal_path)
            for event in events[shown:]:
                screen.raw(event.model_dump_json()) if as_json else show_event(event, run.plan, screen, zone)
            shown, size = len(events), now
        if over:
            return
        time.sleep(LOOKS_EVERY)
