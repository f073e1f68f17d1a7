"""What a command works in: the city's folder, the world outside, the clock, and who sits at the keyboard.

Tests stand something else in for the world with `standing_in`; nothing a person can type does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.errors import BadInput

if TYPE_CHECKING:
    from seawall.actions import World
    from seawall.loading import City


def _real_world(city: City) -> World:
    from connectors.world import real_world
    from console.terminal.from_go_bag import vault_here

    return real_world(city.inventory, vault_here(), own=city.own if city.has_own else None)


def _now() -> datetime:
    return datetime.now(UTC)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How a command reaches what is not its own."""

    open_world: Callable[[City], World] = _real_world
    now: Callable[[], datetime] = _now
    has_terminal: Callable[[], bool] = _has_terminal


_REAL = Surroundings()
_CURRENT: ContextVar[Surroundings | None] = ContextVar("surroundings", default=None)


def surroundings() -> Surroundings:
    """Return what this command works in."""
    return _CURRENT.get() or _REAL


@contextmanager
def standing_in(other: Surroundings) -> Iterator[None]:
    """Let commands work in something else, for a test."""
    token = _CURRENT.set(other)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def find_city(said: Path | None) -> Path:
    """Return the city's folder: as said, else SEAWALL_CITY, else the nearest folder upwards that holds `inventory/`.

    Raises:
        BadInput: there is none; says how to make one.
    """
    from_environment = os.environ.get("SEAWALL_CITY")
    named = said or (Path(from_environment).expanduser() if from_environment else None)
    remedy = "Make one with `seawall init DIR`, then go there, or name it with --city DIR or SEAWALL_CITY"
    if named is not None:
        if (named / "inventory").is_dir():
            return named.resolve()
        what = "holds no inventory/, so it is no city" if named.is_dir() else "is not there"
        raise BadInput.one(
            f"the folder {named} {what}", where="--city" if said else "SEAWALL_CITY", remedy=remedy
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "inventory").is_dir():
            return folder
    raise BadInput.one(
        "neither this folder nor one above it holds inventory/, so there is no city here",
        where=str(here),
        remedy=remedy,
    )


def operator(said: str | None) -> str:
    """Return who is at the keyboard: as said, else SEAWALL_AS, else the login name."""
    if said or os.environ.get("SEAWALL_AS"):
        return said or os.environ["SEAWALL_AS"]
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"


def version() -> str:
    """Return Seawall's version; `unknown` when it was not installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("seawall")
    except PackageNotFoundError:
        return "unknown"
