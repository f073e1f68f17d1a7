"""A run while it is carried out: each event as a line, and below them what goes on, for how long, and what is next.

On a terminal the lower part stays in place; elsewhere only the lines appear. The watching must not raise: a
terminal that has gone away does not stop a run.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from console.terminal.asking import Asking
from console.terminal.desk import Desk
from console.terminal.following import show_event
from console.terminal.screen import Screen, aside, language, out, words
from console.terminal.signing import answer_command
from console.terminal.surroundings import surroundings
from seawall.drive import Watch
from seawall.journal import Event, Started
from seawall.questions import questions_of
from seawall.report.figures import span
from seawall.run_folder import RunFolder, read_state
from seawall.state import State
from seawall.step_state import OVER, Stand

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

MOST_SHOWN = 4
"""Steps under way that are shown at once; a phone has few lines."""
REFRESH = 5
"""Times a second the lower part is drawn anew."""


@contextmanager
def watching(run: RunFolder, desk: Desk, screen: Screen, by: str) -> Iterator[Watch]:
    """Show a run while it is driven inside the block, and ask people when this is a terminal."""
    on_error = screen.stream is aside().stream
    progress = Progress(run, desk, on_error=on_error)
    has_terminal = surroundings().has_terminal()
    asking = Asking(run, desk, by, progress.pause) if has_terminal else None
    with progress.shown():
        if asking is not None:
            asking.start()
        try:
            yield _both(progress, asking)
        finally:
            if asking is not None:
                asking.stop()


def _both(progress: Progress, asking: Asking | None) -> Watch:
    def watch(event: Event, state: State) -> None:
        # A closed pipe or a lost terminal (OSError), or one closed under us (ValueError): the run goes on.
        with contextlib.suppress(OSError, ValueError):
            progress.saw(event, state)
        if asking is not None:
            asking.saw(state)

    return watch


class Progress:
    """What is seen of a run under way."""

    def __init__(self, run: RunFolder, desk: Desk, *, on_error: bool) -> None:
        self._run, self._desk, self._on_error = run, desk, on_error
        self._state = read_state(run)
        self._live: Live | None = None
        self._draws = False
        self._lock = threading.RLock()
        self._one_by_one = not surroundings().has_terminal()

    def saw(self, event: Event, state: State) -> None:
        """Show one event."""
        self._state = state
        # With the lower part in place, what begins is seen there.
        if isinstance(event, Started) and self._draws:
            return
        with self._lock:
            screen = self._screen()
            show_event(event, self._run.plan, screen, self._desk.zone)
            if self._one_by_one:
                self._say_how_to_answer(event, screen)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the lower part on the terminal, if there is one, until the block ends."""
        self._draws = self._screen().stream.isatty()
        self._draw()
        try:
            yield
        finally:
            self._draws = False
            self._draw_no_more()

    @contextmanager
    def pause(self) -> Iterator[Screen]:
        """Take the lower part away while a person types, so that nothing is drawn over their words."""
        self._draw_no_more()
        try:
            yield self._screen()
        finally:
            self._draw()

    def _draw(self) -> None:
        if not self._draws:
            return
        from rich.console import Console
        from rich.live import Live

        with self._lock, contextlib.suppress(OSError, ValueError):
            # A new one each time: one that was stopped would begin by wiping as many lines as it last had.
            self._live = Live(
                get_renderable=self._lower_part,
                console=Console(stderr=self._on_error, highlight=False),
                refresh_per_second=REFRESH,
                transient=True,
            )
            self._live.start()

    def _draw_no_more(self) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._live is not None:
                self._live.stop()
            self._live = None

    def _screen(self) -> Screen:
        # Asked for anew each time: while the lower part is in place, the streams lead through it.
        return aside() if self._on_error else out()

    def _say_how_to_answer(self, event: Event, screen: Screen) -> None:
        for one in questions_of(self._state) if event.kind in ("asked", "escalated") else ():
            if one.step.id == getattr(event, "step", None):
                screen.raw(f"             {answer_command(self._run.id, one.step.id, one.asked.what)}")

    def _lower_part(self) -> Text:
        from rich.text import Text

        state, now = self._state, surroundings().now()
        lines = Text()
        running = list(state.under_way)
        for name in running[:MOST_SHOWN]:
            lines.append_text(_under_way(state, name, now))
        if len(running) > MOST_SHOWN:
            lines.append(f"  and {len(running) - MOST_SHOWN} more under way\n")
        for one in questions_of(state)[:MOST_SHOWN]:
            left = (one.asked.until - now).total_seconds()
            lines.append(
                f"{one.in_words(language=language())}, {span(max(0, left), language())} left\n", "bold"
            )
        upcoming = _next_steps(state)
        if upcoming:
            lines.append(f"next: {', '.join(upcoming)}\n", "dim")
        over = len(state.steps) - state.left
        began = state.opened.at if state.opened else now
        lines.append(
            f"{over} of {len(state.steps)} steps over, {span((now - began).total_seconds(), language())}. "
        )
        lines.append("Ctrl-C stops driving.", "dim")
        return lines


def _under_way(state: State, name: str, now: datetime) -> Text:
    from rich.text import Text

    one = state.steps[name]
    doing = "taking back" if one.stand is Stand.UNDOING else "doing"
    began = one.begun or now
    left = max(0.0, (one.until - now).total_seconds()) if one.until else 0.0
    line = Text(f"{doing} {name}: ", "bold")
    line.append(f"{words(one.step.does)}\n", "not bold")
    spent = span((now - began).total_seconds(), language())
    line.append(f"  since {spent}, at most {span(left, language())} more\n", "not bold")
    return line


def _next_steps(state: State) -> list[str]:
    """Name the steps that come when what is under way is over, at most three."""
    found = []
    for step in state.plan.steps:
        if state.steps[step.id].stand is not Stand.WAITING or step.id in state.for_people:
            continue
        wanted = [name for name in step.after if state.steps[name].stand not in OVER]
        if all(name in state.under_way or name in state.for_people for name in wanted):
            found.append(step.id)
        if len(found) == 3:  # noqa: PLR2004 - as many as one line takes
            break
    return found
