"""Work as a server's own account on a machine where Seawall logs in as another: by one program, and by words it knows.

The program is written from the inventory and installed by the machine's own people (`seawall doctor --needs --as
sudoers`). sudo lets it be run with exact words and with the digest of exactly that file; what varies comes over
standard input, where the program checks each value. So the sudoers lines need no wildcard, and no shell is opened.

Source: sudoers(5), "Digest_Spec" and "Wildcards": a `*` in arguments also matches spaces and slashes.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from seawall.targets import Server


def as_owner(server: Server, word: str) -> str:
    """Return the command that asks the program of `server` for `word`."""
    assert server.sudo_as is not None
    return shlex.join(("sudo", "-n", "-u", server.sudo_as, "--", server.program, word))


def header(server: Server, values: Mapping[str, str], left: float) -> bytes:
    """Return what the program reads first: a name and a value a line, how long it may take, then an empty line.

    Which server is meant comes first: the program does nothing for another one.

    It gives itself less than the `left` seconds, so that it has ended before the shell that waits for it is given up.
    """
    seconds = left - min(1.8, 0.4 * left)
    meant = {
        "IDENTIFIER": server.system_identifier,
        "CLUSTER": server.cluster_name,
        "D": server.data_directory,
    }
    lines = [
        f"{name} {line}" for name, value in {**meant, **values}.items() for line in value.split("\n") if line
    ]
    # It ends itself: `timeout` of the account that logged in may not signal another account's processes.
    return "\n".join((*lines, f"LIMIT {max(0.1, seconds):.2f}", "", "")).encode()
