"""What appears on the terminal: words, wrapped to its width, with a colour that only ever repeats what a word says.

Plain on purpose and light to import: `seawall plan` has to be there in a third of a second. Works at 60 columns, with
NO_COLOR, on a pipe, and in a terminal that knows only ASCII.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Literal, TextIO

from console.terminal.from_go_bag import as_typed
from seawall.model import Language, Text
from seawall.report.figures import plain

Tone = Literal["plain", "strong", "dim", "good", "bad", "warn", "mark"]

_CODES = {"plain": "", "strong": "1", "dim": "2", "good": "32", "bad": "31;1", "warn": "33;1", "mark": "7;1"}
NARROWEST, WIDEST = 40, 100
"""Columns: what is still readable, and what an eye still follows."""


class Screen:
    """One stream that people read. Everything said is made harmless first: no control characters from anywhere."""

    def __init__(self, stream: TextIO, *, width: int, colour: bool) -> None:
        self.stream, self.width, self.colour = stream, width, colour

    def say(self, text: str = "", tone: Tone = "plain", *, indent: int = 0, hang: int = 0) -> None:
        """Say one paragraph, wrapped; further lines are indented by `hang` more."""
        first, rest = " " * indent, " " * (indent + hang)
        lines = textwrap.wrap(
            plain(text), self.width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        )
        for line in lines or [""]:
            self._write(line, tone)

    def head(self, text: str) -> None:
        """Say a heading, with a line before it."""
        self.say()
        self.say(text, "strong")

    def pairs(self, pairs: Iterable[tuple[str, str]], *, indent: int = 2) -> None:
        """Say names and values in two columns."""
        listed = list(pairs)
        room = max((len(name) for name, _ in listed), default=0) + 2
        for name, value in listed:
            self._pair(name, value, room, indent)

    def columns(self, cells: Iterable[tuple[str, int]], tone: Tone = "plain", *, indent: int = 2) -> None:
        """Say cells side by side, each at least so wide; a cell that is longer pushes the others along."""
        row = " ".join(plain(text).ljust(width) for text, width in cells).rstrip()
        self._write(" " * indent + row, tone)

    def raw(self, text: str) -> None:
        """Write text as it is, such as JSON or a report, without wrapping it."""
        self.stream.write(text if text.endswith("\n") else text + "\n")
        self.stream.flush()

    def labelled(self, label: str, text: str, tone: Tone = "plain", *, room: int, indent: int = 0) -> None:
        """Say a short word and, in a column of its own beside it, a text."""
        self._pair(label, text, room, indent, tone)

    def _pair(self, name: str, value: str, room: int, indent: int, tone: Tone = "plain") -> None:
        lines = textwrap.wrap(plain(value), max(20, self.width - indent - room), break_on_hyphens=False) or [
            ""
        ]
        for n, line in enumerate(lines):
            self._write(" " * indent + (name if n == 0 else "").ljust(room) + line, tone)

    def _write(self, line: str, tone: Tone) -> None:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        line = line.encode(encoding, "replace").decode(encoding)
        if self.colour and _CODES[tone]:
            line = f"\x1b[{_CODES[tone]}m{line}\x1b[0m"
        try:
            self.stream.write(line + "\n")
            self.stream.flush()
        except OSError as error:
            if error.errno == errno.EIO:  # the terminal has gone, and nobody reads this any more
                raise BrokenPipeError from error
            raise


def out() -> Screen:
    """Return the screen for what was asked for: standard output."""
    return _screen(sys.stdout)


def aside() -> Screen:
    """Return the screen for what is said beside it, so that `--json` stays clean: standard error."""
    return _screen(sys.stderr)


def _screen(stream: TextIO) -> Screen:
    width = min(WIDEST, max(NARROWEST, shutil.get_terminal_size((80, 24)).columns))
    plain_wanted = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Screen(stream, width=width, colour=stream.isatty() and not plain_wanted)


def language() -> Language:
    """Return the language of a runbook's words on this terminal: SEAWALL_LANGUAGE, which a city's settings may give."""
    return "da" if os.environ.get("SEAWALL_LANGUAGE") == "da" else "en"


def words(text: Text) -> str:
    """Return a text in this terminal's language."""
    return text.in_(language())


def next_command(screen: Screen, *commands: str) -> None:
    """End with the next sensible command, or commands, each on a line of its own to copy."""
    screen.say()
    first, other = ("Næste: ", "eller: ") if language() == "da" else ("Next: ", "  or: ")
    for n, line in enumerate(commands):
        # Never wrapped: a command that is cut in two cannot be copied.
        screen.raw(f"{first if n == 0 else other}{as_typed(line)}")
