"""The other way to a server: a shell on its machine, for what SQL cannot do or cannot do any more.

Every script begins by comparing what lies in the data directory with what the step expects, and acts in that same
command. Values reach it as quoted assignments and nothing secret is among them; secrets come over standard input.
The scripts are the files in `shell/`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.owner import as_owner, header
from connectors.postgres.identity import differs
from connectors.postgres.program import word_of
from connectors.postgres.scripts import script
from seawall.actions import Deadline, Output, Shell
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, Unreachable
from seawall.targets import Server

DIFFERS, REFUSED = 90, 91
VARIES = ("TIMELINE", "WITHIN", "STAMP", "HISTORY", "PEER")
"""What a server's own program is told; all else that a script takes stands in the program, from the inventory."""


@dataclass(frozen=True, slots=True)
class HostSide:
    """Runs scripts beside servers, each after it was seen that the right server is there."""

    shell: Shell

    def run(
        self,
        server: Server,
        parts: Sequence[str],
        deadline: Deadline,
        *,
        changes: bool,
        stdin: bytes = b"",
        may_be_empty: bool = False,
        **values: str,
    ) -> Mapping[str, str]:
        """Compare, then run these parts of `shell/`, and return what they told, by name.

        Args:
            server: whose machine, and what is to be found there.
            parts: files of `shell/`, without their ending.
            deadline: by when it is over, here and there.
            changes: whether they change something.
            stdin: what they read, which may be secret.
            may_be_empty: nothing at all may lie there, too.
            **values: what the parts say is set before; never secret.

        Raises:
            Unreachable: no connection. WrongTarget: another machine, or another server lies there.
            DidNothing: it refused before it changed anything.
            MayHaveActed: it changes something, and ended otherwise than well or was not seen to end.
        """
        if server.sudo_as is None:
            compare = "compare-what-is-there" if may_be_empty else "compare"
            command = _whole(server, script("prelude", compare, *parts), values)
        else:
            command = as_owner(server, word_of(parts))
            varies = {name: value for name, value in values.items() if name in VARIES}
            stdin = header(server, varies, deadline.left) + stdin
        try:
            output = self.shell.run(server.host, command, deadline, stdin=stdin)
        except MayHaveActed as error:
            if changes:
                raise
            raise Unreachable(
                error.problem, where=str(server), remedy="Look at the host, then try again"
            ) from error
        told = dict(line.split("\t", 1) for line in output.stdout.splitlines() if "\t" in line)
        if output.status:
            raise _refusal(server, output, told, changes=changes)
        return told


def _whole(server: Server, text: str, values: Mapping[str, str]) -> str:
    named = {
        "D": server.data_directory,
        "B": server.binaries,
        "IDENTIFIER": server.system_identifier,
        "CLUSTER": server.cluster_name,
        **values,
    }
    assignments = "\n".join(f"{name}={shlex.quote(value)}" for name, value in named.items())
    return f"{assignments}\n{text}"


def _refusal(server: Server, output: Output, told: Mapping[str, str], *, changes: bool) -> CallError:
    if output.status == DIFFERS and "differs" in told:
        return differs(server, [(told["differs"], told.get("found", ""), told.get("expected", ""))])
    if output.status == REFUSED and "refused" in told:
        return DidNothing(told["refused"], where=str(server), remedy="Look at the server's files and its log")
    words = (output.stderr.strip() or output.stdout.strip())[-500:]
    if server.sudo_as is not None and words.startswith("sudo:"):
        return not_allowed(server, words)
    kind = MayHaveActed if changes else DidNothing
    return kind(
        f"the script on {server.host} ended with status {output.status}: {words}",
        where=str(server),
        remedy="Look at the host to see how far it came" if changes else "Read its words, then try again",
    )


def not_allowed(server: Server, words: str) -> DidNothing:
    """Say that sudo did not let us; nothing was run."""
    return DidNothing(
        f"sudo on {server.host} does not let {server.host.user} run {server.program} as {server.sudo_as}: {words}",
        where=str(server),
        remedy=f"Install what this writes for it: seawall doctor --needs --host {server.host} --as sudoers",
        finding=Finding.RIGHTS,
    )
