"""What is said when something went wrong: where, what, and what to do about it, in plain text on standard error."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime

from seawall.errors import BadInput, ExitCode, SeawallError

STOPPED = 130
"""What a shell gives a program that Ctrl-C ended."""
MOST = 20
"""Mistakes that a command shows at once; the first ones must not run off the top of a phone."""


class Stopped(Exception):
    """Ctrl-C ended a command that has said already what it leaves behind."""


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.BUG: "a bug in Seawall; the trace was saved, and the last line says where",
    ExitCode.BAD_INPUT: "a file, a parameter or the command line is wrong; nothing was changed",
    ExitCode.FAILED: "it failed or was stopped, and the world is as the journal says",
    ExitCode.IN_DOUBT: "a person must answer: a question is open, or what happened is unknown",
    ExitCode.STALE: "the plan no longer fits the city or the world; plan again",
    ExitCode.UNREACHABLE: "something outside could not be reached; nothing was sent to it",
}

EXIT_CODES = "\n".join(f"  {code:<4}{meaning}" for code, meaning in MEANINGS.items()) + (
    f"\n  {STOPPED:<4}you pressed Ctrl-C; what was begun can be resumed"
)


def say_error(error: SeawallError) -> int:
    """Say what is wrong, all of it, and return the exit code."""
    if isinstance(error, BadInput):
        count = len(error.mistakes)
        _say(
            f"seawall: {count} mistakes; nothing was changed."
            if count > 1
            else "seawall: nothing was changed."
        )
        for mistake in error.mistakes[:MOST]:
            _say(f"{mistake.where}: {mistake.problem}.")
            _say(f"    {mistake.remedy}.")
            if mistake.corrected and mistake.lacks:
                _say("\n".join(f"    | {line}" for line in mistake.corrected.splitlines()))
            elif mistake.corrected:
                _say(f"    It should read:  {mistake.corrected.strip()}")
        if count > MOST:
            of_city = error.where.startswith(("inventory/", "runbooks/", "templates/", "scenarios/"))
            _say(f"and {count - MOST} more{'; `seawall check` shows them all' if of_city else ''}.")
    else:
        _say(f"seawall: {error.where}: {error.problem}.")
        _say(f"    {error.remedy}.")
    return error.exit_code


def say_stopped() -> int:
    """Say that Ctrl-C ended a command that has nothing else to say about it."""
    _say("\nseawall: stopped by Ctrl-C.")
    return STOPPED


def say_bug(error: Exception) -> int:
    """Save the trace for whoever mends Seawall, and say in one line where it is."""
    name = f"seawall-bug-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-"
    with tempfile.NamedTemporaryFile("w", prefix=name, suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    _say(f"seawall: this is a bug in Seawall ({type(error).__name__}); the trace is in {file.name}")
    return ExitCode.BUG


def _say(line: str) -> None:
    # Half a character from a broken file name must not keep the message from being shown.
    encoding = sys.stderr.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), file=sys.stderr)  # noqa: T201 - the terminal's own voice
