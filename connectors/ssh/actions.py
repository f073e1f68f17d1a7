"""What a runbook can ask of a shell on a host, whatever the way to that shell is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from connectors.ssh.command import LOOK_FOR_OTHERS, QUIET
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Output, Ready, Seen
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, Unreachable, WrongTarget
from seawall.model import Frozen
from seawall.needs import OnHost
from seawall.targets import Host

SHOWN = 4_000
"""Letters of each stream that a run's journal keeps."""
SKEW = 2.0
"""Seconds by which a host's clock may differ before `doctor` says so: logs and evidence are read side by side."""
LOOKS = 5.0
"""Seconds for one look at one host in `doctor`."""


class CommandArgs(Frozen):
    """What is run where.

    Attributes:
        command: for a POSIX shell. Its whole process group is ended when it ends, or at the limit.
        expect_status: any other exit status is a failure.
    """

    host: Host
    command: str
    expect_status: int = 0


class HostArgs(Frozen):
    """Which host."""

    host: Host


class Ran(Seen):
    """How a command ended. Both streams are cut."""

    status: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        said = (self.stdout.strip() or self.stderr.strip()).splitlines()
        return f"status {self.status}" + (f": {said[-1][:200]}" if said else "")


class Reached(Seen):
    """Whether a host answers, and whether it is the right one. What was not come to is None."""

    answers: bool
    right_machine: bool | None
    because: str

    def __str__(self) -> str:
        return self.because


class ShellActions(ABC):
    """The `ssh.*` actions over any `Shell`."""

    @abstractmethod
    def run(self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b"") -> Output:
        """Run `command`; see `seawall.actions.Shell.run`."""

    @abstractmethod
    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready; see `seawall.actions.Shell.warm`."""

    def is_quiet(self, host: Host, deadline: Deadline) -> bool:
        """Tell whether nobody else is at work there; see `seawall.actions.Shell.is_quiet`."""
        try:
            output = self.run(host, LOOK_FOR_OTHERS, deadline)
        except MayHaveActed as error:  # it only looks
            raise Unreachable(error.problem, where=error.where, remedy=error.remedy) from error
        return tuple(output.stdout.splitlines()) == QUIET

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked of a host."""
        return (
            Action(
                "ssh.run",
                Effect.CHANGES,
                CommandArgs,
                Ran,
                self._run,
                does="Runs a command on a host, which ends itself at the step's limit",
                limit=timedelta(minutes=1),
                ready=self._ready_for,
                needs=(OnHost("host"),),
            ),
            Action(
                "ssh.read",
                Effect.READS,
                CommandArgs,
                Ran,
                self._read,
                does="Runs a command that only looks, on a host",
                limit=timedelta(seconds=30),
                ready=self._ready_for,
                needs=(OnHost("host"),),
            ),
            Action(
                "ssh.reachable",
                Effect.READS,
                HostArgs,
                Reached,
                self._reachable,
                does="Tells whether a host answers, with the pinned key and the expected name",
                limit=timedelta(seconds=10),
                ready=self._ready_for,
                needs=(OnHost("host"),),
            ),
        )

    def check(self, hosts: Iterable[Host], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each host without changing anything: reachable, the right one, its clock, the tools it needs."""
        for host in hosts:
            yield from self._looked_at(host, deadline.at_most(LOOKS))

    def _ready_for(self, args: HostArgs | CommandArgs) -> Iterable[Ready]:
        return (Ready(self.warm, args.host),)

    def _run(self, args: CommandArgs, occasion: Occasion) -> Ran:
        output = self.run(args.host, args.command, occasion.deadline)
        if output.status != args.expect_status:
            raise MayHaveActed(
                _unexpected(output, args.expect_status),
                where=args.host.name,
                remedy="Read its words, look at the host, then say whether it did its work",
            )
        return _ran(output)

    def _read(self, args: CommandArgs, occasion: Occasion) -> Ran:
        try:
            output = self.run(args.host, args.command, occasion.deadline)
        except MayHaveActed as error:
            raise DidNothing(
                error.problem, where=error.where, remedy="Look at the host, then try again"
            ) from error
        if output.status != args.expect_status:
            raise DidNothing(
                _unexpected(output, args.expect_status), where=args.host.name, remedy="Read its words"
            )
        return _ran(output)

    def _reachable(self, args: HostArgs, occasion: Occasion) -> Reached:
        try:
            self.run(args.host, "true", occasion.deadline)
        except Unreachable as error:
            return Reached(answers=False, right_machine=None, because=error.problem)
        except WrongTarget as error:
            return Reached(answers=True, right_machine=False, because=error.problem)
        except CallError as error:
            return Reached(answers=True, right_machine=True, because=f"answers, but {error.problem}")
        return Reached(
            answers=True, right_machine=True, because=f"{args.host.name} answers, with its own key and name"
        )

    def _looked_at(self, host: Host, deadline: Deadline) -> Iterator[CheckUp]:
        what = f"ssh {host.name}"
        try:
            before = time.time()
            output = self.run(host, "date +%s.%N && command -v timeout", deadline)
            after = time.time()
        except CallError as error:
            yield CheckUp.failed(what, error)
            return
        yield CheckUp(what, well=True, saw="answers, with its own key and name")
        if output.status:
            yield CheckUp(
                f"{what} tools",
                well=False,
                saw="coreutils' timeout is not there, so that no limit can travel with a command",
                remedy=f"Install coreutils on {host.name}",
                finding=Finding.TOOLS,
            )
            return
        yield _clock(what, float(output.stdout.split()[0]), before, after)


def _clock(what: str, there: float, before: float, after: float) -> CheckUp:
    off = max(before - there, there - after, 0.0)
    return CheckUp(
        f"{what} clock",
        well=off <= SKEW,
        saw=f"{off:.1f} s from the clock here",
        remedy="" if off <= SKEW else "Let both machines follow the same time service",
    )


def _unexpected(output: Output, expected: int) -> str:
    said = (output.stderr.strip() or output.stdout.strip())[-500:]
    return f"the command ended with status {output.status}, expected {expected}" + (
        f": {said}" if said else ""
    )


def _ran(output: Output) -> Ran:
    return Ran(status=output.status, stdout=output.stdout[:SHOWN], stderr=output.stderr[:SHOWN])
