"""The city outside: the product's own twins in memory, behind wires that take time, break, and go on by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from connectors.balancer import Balancers, ServerState
from connectors.dns import Dns, RecordSet, RecordType, Replacement
from connectors.http import Http, Request, Response
from connectors.lease import Lease
from connectors.mail import Envelope, Mail
from connectors.memory.postgres import ServerInMemory
from connectors.memory.postgres.host import HostInMemory
from connectors.memory.postgres.sql import SessionInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import SshInMemory
from connectors.memory.world import RELAY, WORKSPACE, OutsideInMemory
from connectors.postgres import statements
from connectors.postgres.connector import PostgresServers
from connectors.postgres.session import Answer, Session, unreachable
from connectors.postgres.sessions import Sessions
from connectors.power import MachinePower, ResetKind, System
from connectors.slack import Posting, Slack
from seawall.actions import Deadline, Output, World
from seawall.errors import Finding
from seawall.expiring import Leases
from seawall.places import Places
from seawall.targets import Balancer, Host, MailRelay, PowerSocket, Server, SlackWorkspace, Zone
from tests.simulation import city
from tests.simulation.faults import PLACES
from tests.simulation.network import Machine, Network, always
from tests.simulation.virtual import TIME

CHANGING = frozenset({statements.PROMOTE, statements.PROBE})
STOPPING = 0.15
"""Seconds that stopping a server takes, about."""


@dataclass
class Wires:
    """Everything outside, and the network to it.

    Attributes:
        promoted: called when a server has been told to promote itself, before it does.
    """

    network: Network
    twin: OutsideInMemory
    promoted: Callable[[ServerInMemory], None]

    def world(self, clock: Callable[[], datetime], places: Places | None = None) -> World:
        """Make the world as one process reaches it."""
        twin, shell, people = self.twin, WiredShell(self), city.audiences()
        passwords = (one.replicator_password for one in city.servers(has_places=False))
        vault = SecretsInMemory(dict.fromkeys(passwords, "replicates"))
        power = MachinePower(WiredController(self))
        host = WiredHost(shell, twin.servers)
        leases = Leases(lambda: places, clock, lambda: TIME.monotonic(), TIME.sleep)  # noqa: PLW0108 - read each time
        postgres = PostgresServers(Sessions(self.open_one), host, power, vault, clock, leases=leases)
        return World(
            postgres,
            Lease(leases, postgres),
            shell,
            power,
            Balancers(WiredRuntime(self)),
            Dns(WiredZones(self)),
            Http(WiredWeb(self), vault),
            Mail(twin.city.mail or RELAY, people, WiredPost(self)),
            Slack(twin.city.slack or WORKSPACE, people, WiredWorkspace(self)),
        )

    def machine(self, name: str) -> Machine:
        """Return the machine of that name; what is no host of the city's stands at the witness."""
        return self.network.machines[name]

    def open_one(self, server: Server, deadline: Deadline) -> Session:
        """Connect to a server. Raises: Unreachable."""
        machine, one = self.machine(server.host.name), self.twin.servers.servers[server.name]

        def opened(_deadline: Deadline) -> Session:
            if not one.running:
                raise unreachable(server, "Connection refused", Finding.REFUSED)
            return WiredSession(server, one, self)

        return self.network.exchange(machine, "connect", opened, deadline, changes=False)


class WiredSession(SessionInMemory):
    """A session that a server may end, and whose answers may be lost."""

    def __init__(self, server: Server, one: ServerInMemory, wires: Wires) -> None:
        super().__init__(server, one, wires.twin.servers)
        self._wires = wires
        self._starts = _starts(one)

    @property
    def usable(self) -> bool:
        return super().usable and _starts(self._one) == self._starts

    def ask(self, statement: str, deadline: Deadline, *args: str, changes: bool = False) -> Answer:
        def asked(there: Deadline) -> Answer:
            if statement == statements.PROMOTE and self._one.in_recovery and self._one.running:
                self._wires.promoted(self._one)
            if _starts(self._one) != self._starts:
                raise self._unanswered("the server has ended the session", changes=changes)
            # Whether whoever asked still listens is nothing to the server.
            return SessionInMemory(self.server, self._one, self._outside).ask(
                statement, there, *args, changes=changes
            )

        machine = self._wires.machine(self.server.host.name)
        what = statement.partition("(")[0][:24] if statement != statements.PROMOTE else "promote yourself"
        acts = changes and statement in CHANGING
        try:
            return self._wires.network.exchange(machine, what, asked, deadline, changes=acts, did=_was_done)
        except BaseException:
            self._broken = True
            raise


def _was_done(answer: Answer) -> bool:
    """Tell whether a statement did what it says: a promotion that comes late, or elsewhere, gives nothing."""
    return answer.sqlstate is None and bool(answer.rows) and answer.rows[0][0] is not None


def _starts(one: ServerInMemory) -> tuple[object, ...]:
    return (getattr(one, "starts", 0), one.running)


@dataclass(frozen=True, slots=True)
class WiredHost(HostInMemory):
    """Scripts beside servers, over the network."""

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
        shell = self.shell
        assert isinstance(shell, WiredShell)
        there = HostInMemory(shell.twin, self.outside)

        def carried_out(limit: Deadline) -> Mapping[str, str]:
            return there.run(
                server, parts, limit, changes=changes, stdin=stdin, may_be_empty=may_be_empty, **values
            )

        wires = shell.wires
        takes = wires.network.dice.between(0.3, 2.0, "script") * STOPPING if changes else 0.0
        return wires.network.exchange(
            wires.machine(server.host.name),
            parts[-1],
            carried_out,
            deadline,
            changes=changes,
            takes=takes,
            did=_has_started if parts[-1] == "start-following" else always,
        )


def _has_started(_seen: Mapping[str, str]) -> bool:
    """Tell that a server was started; one that reaches nobody to follow raises, and was not."""
    return True


class WiredShell(SshInMemory):
    """A shell on machines, over the network."""

    def __init__(self, wires: Wires) -> None:
        super().__init__(wires.twin.machines)
        self.wires = wires
        self.twin = SshInMemory(wires.twin.machines)

    def run(self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b"") -> Output:
        def asked(limit: Deadline) -> Output:
            return self.twin.run(host, command, limit, stdin=stdin)

        return self.wires.network.exchange(
            self.wires.machine(host.name), command, asked, deadline, changes=True
        )

    def warm(self, host: Host, deadline: Deadline) -> None:
        def asked(limit: Deadline) -> None:
            self.twin.warm(host, limit)

        self.wires.network.exchange(
            self.wires.machine(host.name), "who are you", asked, deadline, changes=False
        )

    def is_quiet(self, host: Host, deadline: Deadline) -> bool:
        machine = self.wires.machine(host.name)

        def asked(limit: Deadline) -> bool:
            return self.twin.is_quiet(host, limit) and machine.coming == 1  # this very question

        return self.wires.network.exchange(machine, "who else is there", asked, deadline, changes=False)


@dataclass
class _Wire:
    wires: Wires

    def ask(
        self, name: str, what: str, act: Callable[[Deadline], Any], deadline: Deadline, *, changes: bool
    ) -> Any:
        """Ask something that is no host of the city's."""
        return self.wires.network.exchange(self.wires.machine(name), what, act, deadline, changes=changes)

    def close(self) -> None:
        """Let go of nothing."""


class WiredController(_Wire):
    """A power controller, which stands apart from the machine whose power it takes."""

    def system(self, socket: PowerSocket, deadline: Deadline) -> System:
        twin = self.wires.twin.controllers
        seen = self.ask(
            "power", "is it on", lambda limit: twin.system(socket, limit), deadline, changes=False
        )
        assert isinstance(seen, System)
        return seen

    def reset(self, socket: PowerSocket, kind: ResetKind, deadline: Deadline) -> None:
        def pressed(limit: Deadline) -> None:
            self.wires.twin.controllers.reset(socket, kind, limit)
            machine = self.wires.machine(socket.system)
            machine.up = kind == "On"
            (self.wires.network.started if machine.up else self.wires.network.stopped)(machine)

        self.ask("power", f"{kind} {socket.system}", pressed, deadline, changes=True)


class WiredRuntime(_Wire):
    """The balancer."""

    def look(self, balancer: Balancer, backend: str, deadline: Deadline) -> tuple[ServerState, ...]:
        runtime = self.wires.twin.runtime
        return self.ask(  # type: ignore[no-any-return]
            "front", "servers", lambda end: runtime.look(balancer, backend, end), deadline, changes=False
        )

    def turn(
        self, balancer: Balancer, backend: str, out: Sequence[str], into: str | None, deadline: Deadline
    ) -> tuple[str, tuple[ServerState, ...]]:
        runtime = self.wires.twin.runtime
        return self.ask(  # type: ignore[no-any-return]
            "front",
            f"let in {into}",
            lambda end: runtime.turn(balancer, backend, out, into, end),
            deadline,
            changes=True,
        )

    def level(self, balancer: Balancer, deadline: Deadline) -> str:
        runtime = self.wires.twin.runtime
        return str(
            self.ask("front", "rights", lambda end: runtime.level(balancer, end), deadline, changes=False)
        )


class WiredZones(_Wire):
    """The name server."""

    def look_up(self, zone: Zone, name: str, record: RecordType, deadline: Deadline) -> RecordSet:
        zones = self.wires.twin.zones
        seen = self.ask(
            "names", name, lambda end: zones.look_up(zone, name, record, end), deadline, changes=False
        )
        assert isinstance(seen, RecordSet)
        return seen

    def replace(self, replacement: Replacement, deadline: Deadline) -> None:
        zones = self.wires.twin.zones
        what = f"{replacement.name} is {replacement.to}"
        self.ask("names", what, lambda end: zones.replace(replacement, end), deadline, changes=True)

    def serial(self, zone: Zone, deadline: Deadline) -> int:
        zones = self.wires.twin.zones
        return int(self.ask("names", "serial", lambda end: zones.serial(zone, end), deadline, changes=False))


class WiredWeb(_Wire):
    """The front of the service, as users see it: well while the server it is pointed at accepts writes."""

    def exchange(self, request: Request, deadline: Deadline) -> Response:
        web = self.wires.twin.web
        seen = self.ask("front", request.url, lambda end: web.exchange(request, end), deadline, changes=False)
        assert isinstance(seen, Response)
        return seen


class WiredPost(_Wire):
    """The mail relay."""

    def deliver(self, relay: MailRelay, envelope: Envelope, deadline: Deadline) -> int:
        post = self.wires.twin.post
        return int(
            self.ask(
                "post", "a letter", lambda end: post.deliver(relay, envelope, end), deadline, changes=True
            )
        )

    def greet(self, relay: MailRelay, deadline: Deadline) -> None:
        post = self.wires.twin.post
        self.ask("post", "good day", lambda end: post.greet(relay, end), deadline, changes=False)


class WiredWorkspace(_Wire):
    """The chat."""

    def post(self, workspace: SlackWorkspace, posting: Posting, deadline: Deadline) -> None:
        twin = self.wires.twin.workspace
        self.ask("chat", "a message", lambda end: twin.post(workspace, posting, end), deadline, changes=True)

    def greet(self, workspace: SlackWorkspace, deadline: Deadline) -> str:
        twin = self.wires.twin.workspace
        return str(
            self.ask("chat", "good day", lambda end: twin.greet(workspace, end), deadline, changes=False)
        )


def machines() -> dict[str, Machine]:
    """Return every machine there is."""
    hosts = [Machine(name, site) for name, site in _hosts()]
    return {one.name: one for one in (*hosts, *_others())}


@cache
def _hosts() -> tuple[tuple[str, str], ...]:
    return tuple((host.name, host.site) for host in city.inventory(has_places=True).whole_hosts())


def _others() -> Iterator[Machine]:
    for name in _AT_THE_WITNESS:
        yield Machine(name, "witness")
    for place in PLACES:
        yield Machine(f"store-{place}", place, is_store=True)


_AT_THE_WITNESS = ("power", "front", "names", "post", "chat")
