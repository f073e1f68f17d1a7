"""A command for a host as words, and never as a line: the shell there gets each quoted, and hands it on as it is."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence

from seawall.actions import Deadline, Output, Shell
from seawall.errors import DidNothing
from seawall.targets import Host

NO_PROGRAM = 86
"""Status with which the far side says that there is no such program; its token tells it from the program's own."""


def run_words(
    shell: Shell, host: Host, words: Sequence[str], deadline: Deadline, *, programs: Sequence[str] = ()
) -> Output:
    """Run a command word by word.

    Args:
        shell: the way to the host.
        host: where.
        words: the program and what it is given.
        deadline: by when it must have ended.
        programs: what else must be there, e.g. what `sudo` is to run.

    Raises:
        DidNothing: there is no such program; it was not begun.
        CallError: as `Shell.run`.
    """
    token = f"seawall-{secrets.token_hex(8)}"
    wanted = (words[0], *programs)
    output = shell.run(host, as_command(words, wanted, token), deadline)
    said = output.stderr.split(None, 1)
    if output.status == NO_PROGRAM and said[:1] == [token]:
        missing = said[1].strip() if len(said) > 1 else words[0]
        raise no_program(missing, host)
    return output


def as_command(words: Sequence[str], wanted: Sequence[str], token: str) -> str:
    """Write words for a POSIX shell so that they are nothing but words, and no program of another kind is meant."""
    looks = [
        f"command -v {name} >/dev/null 2>&1 || {{ printf '%s %s\\n' {token} {name} >&2; exit {NO_PROGRAM}; }}"
        for name in map(shlex.quote, wanted)
    ]
    return "; ".join([*looks, f"exec {shlex.join(words)}"])


def no_program(name: str, host: Host) -> DidNothing:
    """Say that a program is missing."""
    return DidNothing(
        f"there is no program {name} on {host}",
        where=host.name,
        remedy=f"Install it there; `seawall doctor` then finds it on {host}",
    )


def last_words(output: Output) -> str:
    """Return what a command said last, the complaint rather than the result."""
    return (output.stderr.strip() or output.stdout.strip() or "it said nothing")[-500:]
