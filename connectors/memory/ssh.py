"""Hosts in memory: what stands at each address, what it answers to a command, and which commands were begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.ssh.actions import ShellActions
from connectors.ssh.command import wrong_name
from connectors.ssh.conversation import KEPT
from connectors.ssh.link import unreachable, wrong_key
from connectors.ssh.shell import ended_badly, in_doubt
from seawall.actions import Deadline, Output
from seawall.errors import Finding
from seawall.targets import Endpoint, Host

Answer = Callable[[str, bytes], Output | None]
"""What a machine says to a command and its input; None is a command that never ends."""


def says_nothing(_command: str, _stdin: bytes) -> Output:
    """Answer every command with success and no output."""
    return Output(0, "", "")


@dataclass(slots=True)
class MachineInMemory:
    """What stands at an address.

    Attributes:
        silent: it accepts the connection and then says nothing.
        busy: something is at work there that came over another connection.
        lets_in: the users it knows; empty is everybody.
        begun: every command that was begun, in order.
    """

    host_key: str
    hostname: str
    answer: Answer = says_nothing
    up: bool = True
    silent: bool = False
    busy: bool = False
    lets_in: tuple[str, ...] = ()
    begun: list[str] = field(default_factory=list)


class SshInMemory(ShellActions):
    """A `Shell` on machines in memory."""

    def __init__(self, machines: Mapping[Endpoint, MachineInMemory]) -> None:
        self._machines = machines

    def run(self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b"") -> Output:
        """Ask the machine; see `seawall.actions.Shell.run`."""
        machine = self._right_machine(host, deadline)
        machine.begun.append(command)
        output = machine.answer(command, stdin)
        if output is None:
            raise in_doubt(host, f"was not seen to end within {deadline.left:.1f} s")
        return Output(output.status, output.stdout[:KEPT], output.stderr[:KEPT])

    def stream_to(self, host: Host, command: str, chunks: Iterable[bytes], deadline: Deadline) -> Output:
        """Ask the machine; see `seawall.actions.Shell.stream_to`."""
        self._right_machine(host, deadline)
        return self.run(host, command, deadline, stdin=b"".join(chunks))

    def stream_from(
        self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b""
    ) -> Iterator[bytes]:
        """Ask the machine; see `seawall.actions.Shell.stream_from`."""
        machine = self._right_machine(host, deadline)
        machine.begun.append(command)
        output = machine.answer(command, stdin)
        if output is None:
            raise in_doubt(host, f"was not seen to end within {deadline.left:.1f} s")
        yield output.stdout.encode()
        if output.status:
            raise ended_badly(host, output)

    def warm(self, host: Host, deadline: Deadline) -> None:
        """See that the host is there. Raises: Unreachable, WrongTarget."""
        self._right_machine(host, deadline)

    def is_quiet(self, host: Host, deadline: Deadline) -> bool:
        """Tell whether nobody else is at work there; see `seawall.actions.Shell.is_quiet`."""
        return not self._right_machine(host, deadline).busy

    def close(self) -> None:
        """Let go of nothing."""

    def _right_machine(self, host: Host, deadline: Deadline) -> MachineInMemory:
        if deadline.passed:
            raise unreachable(host, "the time was up before it was tried")
        machine = self._machines.get(Endpoint(address=host.address, port=host.port))
        if machine is None or not machine.up:
            raise unreachable(host, "Connection refused", Finding.REFUSED)
        if machine.silent:
            raise unreachable(
                host, "it accepted the connection, and speaks no SSH: silence until the limit", Finding.SILENT
            )
        if machine.host_key != host.host_key:
            raise wrong_key(host, machine.host_key)
        if machine.lets_in and host.user not in machine.lets_in:
            why = f"it does not let {host.user} in with the key from {host.key}"
            raise unreachable(host, why, Finding.NOT_LET_IN)
        if machine.hostname != host.hostname:
            raise wrong_name(host, machine.hostname)
        return machine
