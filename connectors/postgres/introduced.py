"""What a server says of itself, for an inventory that does not know it yet. Nothing is compared or changed.

Whoever reads it has to see that it is the right one: from then on the inventory is what servers are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.postgres.sessions import Sessions
from connectors.postgres.statements import BACKEND
from seawall.actions import Deadline, Shell
from seawall.errors import CallError
from seawall.targets import Host, Server

LOOKS = 5.0
"""Seconds for each of the two ways to it."""

# The postmaster keeps the command line it was started by, and every account may read it (proc(5)).
_PROGRAM = """\
parent=$(cut -d ' ' -f 4 /proc/{pid}/stat) && program=$(tr '\\0' '\\n' < "/proc/$parent/cmdline" | head -n 1)
case $program in /*/postgres) dirname "$program" ;; esac"""


def introduced(server: Server, sessions: Sessions, shell: Shell, deadline: Deadline) -> Mapping[str, str]:
    """Return what the inventory calls a server's `data_directory`, `cluster_name`, ..., as the server itself says it.

    `server` needs an address, a port, a role and its password; `binaries` is left out where its machine does not tell.

    Raises:
        Unreachable: nobody answers, or does not let us in. DidNothing: the role may not ask.
    """
    with sessions.with_whoever(server, deadline.at_most(LOOKS)) as there:
        ((backend,),) = there.session.rows(BACKEND, deadline)
        told = {
            "data_directory": there.found.data_directory,
            "cluster_name": there.found.cluster_name,
            "system_identifier": there.found.system_identifier,
        }
        binaries = _binaries(server.host, int(backend or 0), shell, deadline.at_most(LOOKS))
    return {name: value for name, value in {**told, "binaries": binaries}.items() if value}


def _binaries(host: Host, backend: int, shell: Shell, deadline: Deadline) -> str:
    """Return the folder of the program whose child answers us; nothing where its machine does not tell."""
    try:
        return shell.run(host, _PROGRAM.format(pid=backend), deadline).stdout.strip()
    except CallError:
        return ""
