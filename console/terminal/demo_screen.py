"""Where the demo stands: every stage with its time, what happens now, what is next, and how to stop.

On a terminal it is redrawn in place; on a pipe each line is written once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from console.terminal.screen import Screen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.text import Text

Tell = Callable[[str], None]
LINES = 8
"""Of what happens now, so many are kept on the screen."""


class Stages:
    """The stages of the demo, on the screen while the block runs."""

    def __init__(self, stages: Sequence[tuple[str, str, int]], screen: Screen) -> None:
        self._stages, self._screen = stages, screen
        self._lock = threading.Lock()
        self._took: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._failed: set[str] = set()
        self._lines: list[str] = []
        self._start = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        about = sum(seconds for _, _, seconds in self._stages)
        self._screen.say(
            f"A city's login service survives the loss of its site, on this machine, in about {about} s.",
            "strong",
        )
        self._screen.say(
            "Nothing outside this machine is touched. Ctrl-C stops it and ends all it started.", "dim"
        )
        if self._screen.stream.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self._screen.stream, highlight=False)
            self._live = Live(
                get_renderable=self._drawn, console=console, refresh_per_second=8, transient=False
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[Tell]:
        """Be in a stage, and say what happens in it."""
        begun = time.monotonic()
        self._begun[name] = begun
        if self._live is None:
            self._screen.say(f"{self._title(name)} ...", "strong")
        try:
            yield self._tell
        except BaseException:
            self._failed.add(name)
            raise
        finally:
            self._took[name] = time.monotonic() - begun
            if self._live is None:
                word = "broken off" if name in self._failed else "done"
                self._screen.say(f"{word} after {self._took[name]:.1f} s", "dim", indent=2)

    def _tell(self, line: str) -> None:
        stamped = f"{time.monotonic() - self._start:5.1f} s  {line}"
        with self._lock:
            self._lines.append(stamped)
        if self._live is None:
            self._screen.say(stamped, indent=2, hang=9)

    def _title(self, name: str) -> str:
        return next(title for one, title, _ in self._stages if one == name)

    def _drawn(self) -> RenderableType:
        from rich.console import Group
        from rich.markup import escape
        from rich.text import Text

        rows = [self._row(*stage) for stage in self._stages]
        with self._lock:
            lines = self._lines[-LINES:]
        happening = [Text.from_markup(f"[dim]  {escape(line)}[/dim]", overflow="ellipsis") for line in lines]
        for one in happening:
            one.no_wrap = True
        next_up = next((title for name, title, _ in self._stages if name not in self._begun), None)
        elapsed = time.monotonic() - self._start
        foot = f"{elapsed:.0f} s so far. Next: {next_up or 'the scorecard'}. Ctrl-C stops it safely."
        return Group(*rows, Text(""), *happening, Text(""), Text(foot, style="dim"))

    def _row(self, name: str, title: str, about: int) -> Text:
        from rich.text import Text

        if name in self._failed:
            return Text(f"  stopped {title}", style="bold red")
        if name in self._took:
            return Text(f"  done    {title} ({self._took[name]:.1f} s)", style="green")
        if name in self._begun:
            lasted = time.monotonic() - self._begun[name]
            return Text(f"  now     {title} ({lasted:.0f} of about {about} s)", style="bold")
        return Text(f"  later   {title}", style="dim")
