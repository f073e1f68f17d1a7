"""What an action needs where it acts, declared beside it: rights, ports, programs. Never more than the action uses.

A need points at arguments of its action by name (`of`, a dotted path), so that what is asked for follows from what is
done there. `seawall.needed` finds them in plans; `seawall doctor --needs` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Grant:
    """One right of one database role.

    Attributes:
        right: in words, e.g. `EXECUTE on pg_promote(boolean, integer)`.
        sql: statements that give it and may be run again; `{role}` is the role as an identifier, `{database}` likewise.
        seen_by: an SQL expression that tells whether the role has it; `{role}` is its name as a literal.
    """

    right: str
    sql: str
    seen_by: str


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is needed at what the argument `of` names."""

    of: str


@dataclass(frozen=True, slots=True)
class Login(Need):
    """A connection to the PostgreSQL server `of`, as Seawall's own role, with these rights.

    Attributes:
        from_its_own_machine: it is made by a program there, not from here.
    """

    grants: tuple[Grant, ...] = ()
    from_its_own_machine: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        rights = ", ".join(grant.right for grant in self.grants)
        return f"PostgreSQL at `{self.of}`" + (f" with {rights}" if rights else "")


@dataclass(frozen=True, slots=True)
class Replicating(Need):
    """Connections from the machine of server `of` to server `source`, as the replicator, with these rights there."""

    source: str
    grants: tuple[Grant, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        rights = ", ".join(grant.right for grant in self.grants)
        return f"the replicator at `{self.source}`" + (f" with {rights}" if rights else "")


@dataclass(frozen=True, slots=True)
class OnHost(Need):
    """Commands on the machine of `of`, as the account Seawall logs in with.

    Attributes:
        programs: what must be found on its PATH.
        binaries: programs of PostgreSQL, in the server's `binaries`, or in the folder the argument `binaries` names.
    """

    programs: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        return f"a log-in at `{self.of}`"


@dataclass(frozen=True, slots=True)
class AsOwner(Need):
    """Work in the files of the PostgreSQL server `of`, as the account it runs as.

    Attributes:
        words: what its own program on that machine is asked for; nothing else may be run as that account.
        programs, binaries: as in `OnHost`.
    """

    words: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        return f"the account that `{self.of}` runs as, to {', '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class OrderUnit(Need):
    """One command that orders the systemd unit `of`, by sudo where the unit says so: this verb, that unit."""

    verb: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return f"leave to {self.verb} `{self.of}`"


@dataclass(frozen=True, slots=True)
class InBucket(Need):
    """These actions of S3 on the bucket of store `of`, under `prefix`, which may name arguments in braces."""

    allows: tuple[str, ...] = ()
    prefix: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{', '.join(self.allows)} in `{self.of}`"


@dataclass(frozen=True, slots=True)
class AtThePlaces(Need):
    """The city's three places: to read what begins with `prefix`, or also to write it, once.

    Attributes:
        means: only where the argument `by` names this means among its others.
    """

    of: str = ""
    prefix: str = ""
    writes: bool = False
    means: str = ""

    def is_in(self, args: Mapping[str, Any]) -> bool:
        """Tell whether a call with these arguments needs it."""
        return not self.means or self.means in args.get("by", ())

    def __str__(self) -> str:
        """Say it in words."""
        return f"the three places, to {'write' if self.writes else 'read'} `{self.prefix}`"


@dataclass(frozen=True, slots=True)
class AtBalancer(Need):
    """The runtime socket of balancer `of`, which listens to us with this level."""

    level: str = "user"

    def __str__(self) -> str:
        """Say it in words."""
        return f"level {self.level} at `{self.of}`"


@dataclass(frozen=True, slots=True)
class InZone(Need):
    """Questions to the zone `of`, and updates of `name` when `types` names what records; signed with its key."""

    name: str = ""
    types: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{'updates of' if self.name else 'answers from'} `{self.of}`"


@dataclass(frozen=True, slots=True)
class AtController(Need):
    """The power controller of the machine of `of`: to read, or also to reset."""

    resets: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        return f"the power controller of `{self.of}`" + (", to reset" if self.resets else "")


@dataclass(frozen=True, slots=True)
class AtAddress(Need):
    """HTTP to the address in the argument `of`."""

    def __str__(self) -> str:
        """Say it in words."""
        return f"the address `{self.of}`"


@dataclass(frozen=True, slots=True)
class ByMail(Need):
    """The city's mail relay."""

    of: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return "the mail relay"


@dataclass(frozen=True, slots=True)
class BySlack(Need):
    """The city's Slack workspace; the app has the scope chat:write and was invited to the channel."""

    of: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return "the Slack workspace"


NOTHING: tuple[Need, ...] = ()
"""What an action needs that only thinks."""
