"""Programs that systemd runs: looked at, started, stopped and started anew, each by one command of a fixed shape.

systemctl waits for the job it asked for, but the job is systemd's own and goes on when systemctl is ended: so a change
that was not seen to end may still come. The real wire is `connectors.systemctl`; the one in memory is
`connectors.memory.systemd`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from seawall.actions import Action, Deadline, Effect, Occasion, Proof, Ready, Seen
from seawall.errors import DidNothing, MayHaveActed
from seawall.model import Frozen
from seawall.needs import OnHost, OrderUnit
from seawall.targets import Host, Unit

Verb = Literal["start", "stop", "restart"]

RUNS = ("active", "reloading")
"""What systemd calls a unit that runs. Source: org.freedesktop.systemd1(5), "ActiveState"."""
RESTS = ("inactive", "failed")


class UnitArgs(Frozen):
    """Which unit on which machine."""

    unit: Unit


class RestartArgs(UnitArgs):
    """Which unit is started anew.

    Attributes:
        was: the invocation that is to end, as systemd.unit-state showed it; the proof is that another one runs.
    """

    was: str


class UnitState(Seen):
    """A unit as systemd has it.

    Attributes:
        exists: there is such a unit.
        active: it runs; unknown while it is being started or stopped.
        state: in systemd's words, e.g. `active (running)`.
        starts_at_boot: it is enabled.
        invocation: systemd's number of this very start; another one after each start.
    """

    unit: str
    exists: bool
    active: bool | None
    state: str
    starts_at_boot: bool | None = None
    invocation: str | None = None

    def __str__(self) -> str:
        return f"{self.unit} is {self.state}" if self.exists else f"there is no {self.unit}"


class Ordered(Seen):
    """That a unit runs, or rests, as it should. `was` is how it was before."""

    unit: str
    state: str
    was: str | None = None

    def __str__(self) -> str:
        before = f", before {self.was}" if self.was is not None else ""
        return f"{self.unit} is {self.state}{before}"


class IsOrdered(Proof):
    """Whether a unit runs, or rests, as it should."""

    ordered: Ordered | None = None

    def stand_in(self) -> Ordered | None:
        """Return what the step that ordered it would have seen."""
        return self.ordered


@dataclass(frozen=True, slots=True)
class Shown:
    """What systemd says of a unit, in its own words. Source: systemctl(1), "show"; systemd.unit(5)."""

    load: str
    active: str
    sub: str
    file_state: str = ""
    last_invocation: str = ""

    @property
    def state(self) -> str:
        """Both states as people write them."""
        return f"{self.active} ({self.sub})"

    @property
    def exists(self) -> bool:
        """Whether systemd knows it."""
        return self.load != "not-found"

    @property
    def invocation(self) -> str:
        """The invocation that is there now: systemd goes on telling that of a unit which has ended."""
        return "" if self.active in RESTS else self.last_invocation


class Units(Protocol):
    """The wire: one machine's systemd."""

    def show(self, unit: Unit, deadline: Deadline) -> Shown:
        """Tell how a unit is. Raises: DidNothing, Unreachable, WrongTarget."""

    def order(self, unit: Unit, verb: Verb, deadline: Deadline) -> str:
        """Ask for a change and wait for the job; return what was complained of, nothing when it was done.

        Raises: DidNothing when it was refused, Unreachable, WrongTarget; MayHaveActed when its end was not seen.
        """

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready. Raises: Unreachable, WrongTarget."""


class Systemd:
    """The systemd of every machine."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked of a unit."""
        needs = (OnHost(of="unit.host", programs=("systemctl",)),)

        def change(verb: Verb, does: str, undone_by: str | None) -> Action[Any, Any]:
            return Action(
                f"systemd.{verb}",
                Effect.CHANGES,
                RestartArgs if verb == "restart" else UnitArgs,
                Ordered,
                {"start": self._start, "stop": self._stop, "restart": self._restart}[verb],
                does,
                limit=timedelta(minutes=2),
                undone_by=undone_by,
                proof=f"systemd.is-{verb}ed" if verb != "stop" else "systemd.is-stopped",
                after_limit_it_cannot_act=False,  # the job is systemd's, and goes on without who asked for it
                ready=self._ready_for,
                needs=(*needs, OrderUnit("unit", verb)),
            )

        def look(name: str, args: type[UnitArgs], seen: type[Seen], call: Any, does: str) -> Action[Any, Any]:
            return Action(name, Effect.READS, args, seen, call, does, ready=self._ready_for, needs=needs)

        return (
            look(
                "systemd.unit-state",
                UnitArgs,
                UnitState,
                self._state,
                "Tells whether a unit is there and runs",
            ),
            change("start", "Starts a unit and waits until systemd calls it running", "systemd.stop"),
            look("systemd.is-started", UnitArgs, IsOrdered, self._is_started, "Tells whether a unit runs"),
            change("stop", "Stops a unit and waits until systemd calls it stopped", "systemd.start"),
            look("systemd.is-stopped", UnitArgs, IsOrdered, self._is_stopped, "Tells whether a unit rests"),
            change("restart", "Starts a unit anew, ending the invocation that runs", None),
            look(
                "systemd.is-restarted",
                RestartArgs,
                IsOrdered,
                self._is_restarted,
                "Tells whether a unit runs in another invocation than before",
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: the shell is lent."""

    def _ready_for(self, args: UnitArgs) -> Iterable[Ready]:
        return (Ready(self._units.warm, args.unit.host),)

    def _state(self, args: UnitArgs, occasion: Occasion) -> UnitState:
        shown = self._units.show(args.unit, occasion.deadline)
        return UnitState(
            unit=args.unit.unit,
            exists=shown.exists,
            active=_runs(shown),
            state=shown.state,
            starts_at_boot=shown.file_state.startswith("enabled") if shown.file_state else None,
            invocation=shown.invocation or None,
        )

    def _start(self, args: UnitArgs, occasion: Occasion) -> Ordered:
        return self._ordered(args.unit, "start", RUNS, occasion)

    def _stop(self, args: UnitArgs, occasion: Occasion) -> Ordered:
        return self._ordered(args.unit, "stop", RESTS, occasion)

    def _restart(self, args: RestartArgs, occasion: Occasion) -> Ordered:
        before = self._units.show(args.unit, occasion.deadline)
        if before.invocation != args.was:
            now = (
                f"another invocation of {args.unit.unit} runs"
                if before.invocation
                else f"{args.unit.unit} rests"
            )
            problem = f"{now}: the one that was to end has ended"
            raise DidNothing(problem, where=str(args.unit), remedy="Look who started it, then plan again")
        return self._ordered(args.unit, "restart", RUNS, occasion)

    def _ordered(self, unit: Unit, verb: Verb, wanted: Sequence[str], occasion: Occasion) -> Ordered:
        deadline = occasion.deadline
        before = self._units.show(unit, deadline)
        if not before.exists:
            problem = f"there is no unit {unit.unit} on {unit.host}"
            raise DidNothing(problem, where=str(unit), remedy="Check the unit's name in the inventory")
        complaint = self._units.order(unit, verb, deadline)
        after = self._units.show(unit, deadline)
        as_before = _runs(after) is not None and _runs(after) == _runs(before)
        as_before = as_before and after.invocation == before.invocation
        if after.active in wanted and not (verb == "restart" and as_before):
            return Ordered(unit=unit.unit, state=after.state, was=before.state)
        remedy = f"Read `journalctl -u {unit.unit}` on {unit.host}"
        problem = (
            f"systemd was asked to {verb} it, and it is {after.state}: {complaint or 'no reason was given'}"
        )
        if as_before:
            raise DidNothing(problem, where=str(unit), remedy=remedy)
        raise MayHaveActed(problem, where=str(unit), remedy=remedy)

    def _is_started(self, args: UnitArgs, occasion: Occasion) -> IsOrdered:
        shown = self._units.show(args.unit, occasion.deadline)
        return _proof(args.unit, shown, holds=_runs(shown))

    def _is_stopped(self, args: UnitArgs, occasion: Occasion) -> IsOrdered:
        shown = self._units.show(args.unit, occasion.deadline)
        runs = _runs(shown)
        return _proof(args.unit, shown, holds=None if runs is None else not runs)

    def _is_restarted(self, args: RestartArgs, occasion: Occasion) -> IsOrdered:
        shown = self._units.show(args.unit, occasion.deadline)
        runs = _runs(shown)
        return _proof(args.unit, shown, holds=None if runs is None else runs and shown.invocation != args.was)


def _runs(shown: Shown) -> bool | None:
    if shown.active in RUNS:
        return True
    return False if shown.active in RESTS else None


def _proof(unit: Unit, shown: Shown, *, holds: bool | None) -> IsOrdered:
    because = f"{unit.unit} is {shown.state}" if shown.exists else f"there is no {unit.unit}"
    ordered = Ordered(unit=unit.unit, state=shown.state) if holds else None
    return IsOrdered(holds=holds, because=because, ordered=ordered)
