"""What a connector declares: its actions, what each takes, sees, and does to the world.

The effect is the connector's to declare, never the runbook's. A world is every action at hand, by name; the real one,
the one in memory and the pretend one have the same names and types.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from pydantic import ValidationError

from seawall.errors import CallError, DidNothing, Finding
from seawall.model import Frozen, Text
from seawall.targets import Host, PowerSocket, Store

if TYPE_CHECKING:
    from seawall.needs import Need


class Effect(StrEnum):
    """What an action does to the world."""

    READS = "reads"
    CHANGES = "changes"


class Seen(Frozen):
    """What a call saw. Subclasses name their fields; a field that could not be read is None, which means unknown."""

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self if value is not None)


class Proof(Seen):
    """What a READS call used as a proof saw.

    Attributes:
        holds: None when it could not be told.
        spent: it was also seen that nothing another process began before can still act there. It spares whoever takes
            up the run of a process that died to wait for that process's limit.
    """

    holds: bool | None
    because: str
    spent: bool = False

    def stand_in(self) -> Seen | None:
        """Return what the proven step would have seen, if the proof knows, for later steps to go on from."""
        return None

    def __str__(self) -> str:
        return self.because


@dataclass(frozen=True, slots=True)
class Deadline:
    """The instant by which a call must be over, on a clock that never jumps."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def within(cls, limit: timedelta) -> Deadline:
        """Make the deadline that lies `limit` from now."""
        clock = time.monotonic  # looked up now: a simulation may have put a clock of its own there
        return cls(clock() + limit.total_seconds(), clock)

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - self.clock())

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.clock() >= self.at

    def at_most(self, seconds: float) -> Deadline:
        """Return the nearer of this deadline and `seconds` from now."""
        return Deadline(min(self.at, self.clock() + seconds), self.clock)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A page that goes with a message: its file name, and the page itself as HTML."""

    name: str
    html: str


def no_page() -> Enclosure | None:
    """Have no page to go with a message."""
    return None


@dataclass(frozen=True, slots=True)
class Occasion:
    """For which run and step a call is made, by when it must be over, and whether it is an exercise.

    `page` gives the run's status page as it is at that moment; None when there is none. It raises nothing.
    """

    deadline: Deadline
    run: str = "no-run"
    step: str = "no-step"
    exercise: bool = True
    page: Callable[[], Enclosure | None] = no_page


@dataclass(frozen=True, slots=True)
class Ready:
    """Something to have before it is needed: a connection, or a library. Equal ones are made ready once.

    `make` changes nothing at the other end, keeps to its deadline, and may fail: the call itself will say why.
    """

    make: Callable[[Any, Deadline], object]
    of: Hashable


ArgsT = TypeVar("ArgsT", bound=Frozen)
SeenT = TypeVar("SeenT", bound=Seen, covariant=True)  # noqa: PLC0105 - `Seen` reads better than `Seen_co` here


@dataclass(frozen=True, slots=True)
class Action(Generic[ArgsT, SeenT]):
    """One thing a connector can do, with everything a planner needs to know about it.

    Attributes:
        name: as a runbook spells it, `connector.verb`.
        does: one line for docs/actions.md.
        limit: how long a call may take when the runbook does not say.
        undone_by: name of the action that takes it back with the same arguments, if there is one.
        proof: name of the READS action that tells, with the same arguments, whether it is in the world.
        after_limit_it_cannot_act: a call whose limit has passed can no longer change anything (its remote side was
            told the limit and ends itself), so that a proof saying "did not happen" may be believed.
        ready: what a call with these arguments will need, so that it can be had while a person reads the plan.
        needs: the rights, ports and programs it takes where it acts; None when nobody declared them.
        pinned: what every plan holds beside the arguments its author writes, e.g. which machine and which words of
            command a city's own action was reviewed with.
        no_way_back: why nothing takes it back, where that is so whoever uses it.
        only_tells: it tells people something and leaves nothing in any system: nothing that came before has to stand
            for its sake.
        withheld: why no plan may use it, e.g. because nobody reviewed it.
    """

    name: str
    effect: Effect
    args: type[ArgsT]
    seen: type[SeenT]
    call: Callable[[ArgsT, Occasion], SeenT]
    does: str
    limit: timedelta = timedelta(seconds=30)
    undone_by: str | None = None
    proof: str | None = None
    after_limit_it_cannot_act: bool = True
    ready: Callable[[ArgsT], Iterable[Ready]] | None = None
    pinned: Mapping[str, Any] = field(default_factory=dict)
    no_way_back: Text | None = None
    only_tells: bool = False
    withheld: str | None = None
    needs: tuple[Need, ...] | None = None


@dataclass(frozen=True, slots=True)
class CheckUp:
    """One line of `seawall doctor`. `well` is None when it could not be told.

    Attributes:
        what: what was looked at, e.g. `ssh north-db`.
        saw: what was found, in words.
        remedy: what to do about it; empty when well.
        finding: what kind of thing it is that is not well.
    """

    what: str
    well: bool | None
    saw: str
    remedy: str = ""
    finding: Finding = Finding.OTHER

    @property
    def found(self) -> Finding:
        """What kind of thing this is."""
        return Finding.WELL if self.well else self.finding

    @classmethod
    def failed(cls, what: str, error: CallError) -> CheckUp:
        """Make the line for a look that met an error."""
        return cls(what, well=False, saw=error.problem, remedy=error.remedy, finding=error.finding)


class Connector(Protocol):
    """One outside system."""

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what this system can be asked to do. Must not import the vendor's library."""

    def close(self) -> None:
        """Let go of every connection."""


class Vault(Protocol):
    """Where secret references are turned into secrets, and where they are kept out of everything written."""

    def secret(self, reference: str) -> str:
        """Return the secret. Raises: DidNothing when there is none."""

    def redact(self, text: str) -> str:
        """Return `text` with every secret handed out so far replaced."""


class Shell(Protocol):
    """A way to run commands on a host; the real one is SSH. Handed to connectors that need it."""

    def run(self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b"") -> Output:
        """Run `command` in a POSIX shell on `host` and wait for it to end, at most until `deadline`.

        The deadline travels with the command: the remote side ends its whole process group at that time, also when the
        link is cut.

        Raises:
            Unreachable: no connection; nothing was sent.
            WrongTarget: another host key or host name than the pinned ones.
            MayHaveActed: sent, and its ending was not seen by the deadline.
        """

    def stream_from(
        self, host: Host, command: str, deadline: Deadline, *, stdin: bytes = b""
    ) -> Iterator[bytes]:
        """Run `command` and yield what it writes to its standard output, however much that is, as it comes.

        Raises:
            Unreachable, WrongTarget: as `run`, before the first chunk.
            MayHaveActed: it ended with another status than 0, or was not seen to end.
        """

    def stream_to(self, host: Host, command: str, chunks: Iterable[bytes], deadline: Deadline) -> Output:
        """Run `command` and write `chunks` to its standard input as fast as it takes them. Raises: as `run`."""

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready for the next command. Raises: Unreachable, WrongTarget."""

    def is_quiet(self, host: Host, deadline: Deadline) -> bool:
        """Tell whether nothing that came to `host` over another connection is at work, or can still begin there.

        False also when nobody can tell. What a process that is gone had sent is over then, or will never begin.

        Raises:
            Unreachable: no connection, or no answer. WrongTarget: another machine.
        """


class ObjectStore(Protocol):
    """A way to keep large things in a store; the real one is S3. Handed to connectors that make backups."""

    def put_stream(self, store: Store, key: str, chunks: Iterable[bytes], deadline: Deadline) -> int:
        """Keep `chunks` under `key`, all of them or nothing, and return how many bytes that were.

        Raises:
            Unreachable: no connection; nothing was sent.
            DidNothing: refused, or `chunks` raised, which is passed on; there is nothing new under `key`.
            MayHaveActed: sent, and the answer was not seen.
        """

    def get_stream(self, store: Store, key: str, deadline: Deadline) -> Iterator[bytes]:
        """Yield what is kept under `key`. Raises: DidNothing when there is none, Unreachable."""

    def keys(self, store: Store, prefix: str, deadline: Deadline) -> Sequence[str]:
        """List every key that begins with `prefix`, in order. Raises: DidNothing, Unreachable."""


class Power(Protocol):
    """A way to take the power from a machine; the real one is Redfish. Handed to connectors that fence."""

    def is_off(self, socket: PowerSocket, deadline: Deadline) -> bool:
        """Tell whether that very machine (its UUID compared) has no power. Raises: Unreachable, WrongTarget."""

    def turn_off(self, socket: PowerSocket, deadline: Deadline) -> None:
        """Take the power away and wait until it is off. Raises: Unreachable, WrongTarget, MayHaveActed."""

    def warm(self, socket: PowerSocket, deadline: Deadline) -> None:
        """Have a connection to the controller ready. Raises: Unreachable, WrongTarget."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a command ended. `status` is its exit status; both streams are decoded and cut at 64 kB each."""

    status: int
    stdout: str
    stderr: str


class World(Mapping[str, Action[Any, Any]]):
    """Every action at hand, by name. Use as a context manager: leaving it closes every connection."""

    def __init__(self, *connectors: Connector, vault: Vault | None = None) -> None:
        self.vault = vault
        self._connectors = connectors
        self._actions = {action.name: action for one in connectors for action in one.actions()}

    @property
    def connectors(self) -> Sequence[Connector]:
        """Every connector."""
        return self._connectors

    def __getitem__(self, name: str) -> Action[Any, Any]:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connector in self._connectors:
            connector.close()

    def perform(self, name: str, args: Mapping[str, Any], occasion: Occasion) -> Seen:
        """Make one call and return what it saw, with no secret in it.

        Raises:
            DidNothing: there is no such action, or the arguments do not fit it.
            CallError: as the connector says, with every secret taken out of its words.
        """
        action = self.get(name)
        if action is None:
            raise DidNothing(f"there is no action {name}", where=occasion.step, remedy="Plan again")
        if action.withheld is not None:
            problem = f"{name} {action.withheld}"
            raise DidNothing(problem, where=occasion.step, remedy="Let somebody review it, then plan again")
        try:
            parsed = action.args.model_validate(dict(args))
        except ValidationError as error:
            problem = f"the arguments do not fit {name}: {_first_line(error)}"
            raise DidNothing(problem, where=occasion.step, remedy="Plan again") from error
        try:
            return self._without_secrets(action.call(parsed, occasion))
        except CallError as error:
            raise self._redacted(error) from None

    def _without_secrets(self, seen: Seen) -> Seen:
        if self.vault is None:
            return seen
        return type(seen).model_validate(_redacted(seen.model_dump(mode="json"), self.vault.redact))

    def _redacted(self, error: CallError) -> CallError:
        if self.vault is None:
            return error
        redact = self.vault.redact
        problem, where, remedy = map(redact, (error.problem, error.where, error.remedy))
        return type(error)(problem, where=where, remedy=remedy, finding=error.finding)


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    # Word by word and never the JSON text: a secret such as 5432 would take a number or a key with it.
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(one, redact) for key, one in value.items()}
    if isinstance(value, list):
        return [_redacted(one, redact) for one in value]
    return value
