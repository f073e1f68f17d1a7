"""The commands as a person looks for them: what is needed now, what is prepared in quiet times, what is drilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

PANELS: Mapping[str, Sequence[str]] = {
    "Now": (
        "status",
        "plan",
        "run",
        "show",
        "approve",
        "answer",
        "abort",
        "resume",
        "recover",
        "skip",
        "retry",
        "override",
        "undo",
        "freeze",
        "thaw",
        "runs",
        "report",
        "print",
        "review",
        "duty",
        "console",
    ),
    "Prepare": (
        "init",
        "check",
        "fill",
        "doctor",
        "places",
        "person",
        "codes",
        "action",
        "watch",
        "serve",
        "verify-backups",
        "go-bag",
        "merge",
        "schema",
    ),
    "Drill": ("demo", "lab", "drill", "pretend"),
}
"""In the order in which they are wanted. A command that no panel names stands under `More`."""
MORE = "More"
LONGEST = max(len(name) for names in PANELS.values() for name in names)
"""All panels have one column of names, so that an eye finds a command whichever panel it is in."""


class Panelled(TyperGroup):
    """A program whose help sorts its commands into panels."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, panel by panel."""
        left = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        for panel, names in {**PANELS, MORE: tuple(left)}.items():
            here = {name: left.pop(name) for name in names if name in left}
            rows = [
                (name.ljust(LONGEST), one.get_short_help_str(formatter.width - 6 - LONGEST))
                for name, one in here.items()
                if one is not None and not one.hidden
            ]
            if rows:
                with formatter.section(panel):
                    formatter.write_dl(rows)
