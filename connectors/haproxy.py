"""HAProxy's runtime socket as the wire of `connectors.balancer`. Its names may hold nothing that a command line means.

Source: HAProxy 2.8 management guide, section 9.3: commands joined by `;` on one line run one after another, and the
connection is closed after the line; `shutdown sessions server` ends every session of a server.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from connectors.balancer import ServerState
from connectors.limit import connected, unanswered
from seawall.actions import Deadline
from seawall.errors import WrongTarget
from seawall.targets import Balancer

_LONGEST = 8 << 20
# srv_admin_state, the same guide, "show servers state": 0x01 forced, 0x02 inherited, 0x20 unresolved and 0x40
# host-name maintenance, 0x08 and 0x10 drain. 0x04 only remembers that the configuration once said `disabled`.
_OUT = 0x01 | 0x02 | 0x08 | 0x10 | 0x20 | 0x40
_RUNNING = "2"


class Haproxy:
    """HAProxy over TCP. The runtime socket knows no passwords: let only Seawall's machines reach that port.

    What a call has sent cannot act after its limit: the kernel drops what was not taken in by then, and a HAProxy that
    answers a proof has carried out what it took in before.
    """

    def look(self, balancer: Balancer, backend: str, deadline: Deadline) -> tuple[ServerState, ...]:
        """Tell the servers of a backend. See `connectors.balancer.Runtime`."""
        answer = self._ask(balancer, [*_look(backend), "show backend"], deadline, changes=False)
        servers = _servers(answer, backend)
        if not servers:
            known = ", ".join(row["name"] for row in _rows(answer, "name")) or "none"
            raise WrongTarget(
                f"there is no backend {backend}; there is {known}",
                where=f"{balancer} ({balancer.runtime})",
                remedy="Check the backend in the inventory",
            )
        return servers

    def turn(
        self, balancer: Balancer, backend: str, out: Sequence[str], into: str | None, deadline: Deadline
    ) -> tuple[str, tuple[ServerState, ...]]:
        """Take servers out, then let one in, on one line. See `connectors.balancer.Runtime`."""
        commands = [f"set server {backend}/{name} state maint" for name in out]
        commands += [f"shutdown sessions server {backend}/{name}" for name in out]
        commands += [f"set server {backend}/{into} state ready"] if into else []
        answer = self._ask(balancer, [*commands, *_look(backend)], deadline, changes=True)
        servers = _servers(answer, backend)
        if not servers:
            where = f"{balancer} ({balancer.runtime})"
            raise unanswered(where, changes=True, saw="its answer broke off")
        complaints = answer.partition("\n# be_id")[0].removesuffix("1").split("\n")
        return "; ".join(filter(None, map(str.strip, complaints)))[:300], servers

    def level(self, balancer: Balancer, deadline: Deadline) -> str:
        """Tell with which rights it listens to us. See `connectors.balancer.Runtime`."""
        answer = self._ask(balancer, ["show cli level"], deadline, changes=False).strip()
        if answer not in {"admin", "operator", "user"}:
            problem = "what answers there is no HAProxy runtime socket"
            where = f"{balancer} ({balancer.runtime})"
            raise WrongTarget(problem, where=where, remedy="Check the balancer's address in the inventory")
        return answer

    def _ask(self, balancer: Balancer, commands: Sequence[str], deadline: Deadline, *, changes: bool) -> str:
        where = f"{balancer} ({balancer.runtime})"
        answer = bytearray()
        with connected(balancer.runtime, deadline, where) as line:
            try:
                line.settimeout(deadline.left or 0.001)
                line.sendall(";".join(commands).encode() + b"\n")
                while not deadline.passed and len(answer) < _LONGEST:
                    line.settimeout(deadline.left or 0.001)
                    received = line.recv(1 << 16)
                    if not received:
                        break
                    answer += received
                else:
                    raise unanswered(where, changes=changes)
            except OSError as error:
                raise unanswered(where, changes=changes) from error
        if not answer:
            raise unanswered(where, changes=changes, saw="it closed the connection without an answer")
        return answer.decode(errors="replace")


def _look(backend: str) -> tuple[str, str]:
    # Of all backends, since by name `show stat` takes a frontend of that name for the backend; `show servers conn`
    # knows the backend but counts no sessions in mode tcp (2.8.25).
    return f"show servers state {backend}", "show stat -1 4 -1"


def _servers(answer: str, backend: str) -> tuple[ServerState, ...]:
    """Read the servers; none when the answer is not one that HAProxy gives."""
    try:
        ours = f"{backend},"
        sessions = {row["svname"]: int(row["scur"]) for row in _rows(answer, "pxname", ",", begin=ours)}
        return tuple(
            ServerState(
                name=row["srv_name"],
                ready=not int(row["srv_admin_state"]) & _OUT,
                up=row["srv_op_state"] == _RUNNING,
                sessions=sessions.get(row["srv_name"], 0),
            )
            for row in _rows(answer, "be_id")
            if row["be_name"] == backend
        )
    except (KeyError, TypeError, ValueError):
        return ()


def _rows(answer: str, first: str, separator: str = " ", begin: str = "") -> list[dict[str, str]]:
    """Read the rows that begin so of a table whose first column is `first`. A table without an end is none."""
    _, _, rest = answer.partition(f"# {first}")
    table, ended, _ = rest.partition("\n\n")
    heading, *rows = f"{first}{table}".splitlines()
    if not ended:
        return []
    return list(
        csv.DictReader([heading, *(row for row in rows if row.startswith(begin))], delimiter=separator)
    )
