"""The city around its runs: what services are called, what was promised for them, and the zone its clocks show.

Read again when a file of the inventory changes. An inventory that cannot be read keeps nobody from reading the runs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.loading import load_inventory, load_runbooks
from seawall.loading.shelf import PRODUCT
from seawall.model import Text
from seawall.page.status import Known

Mark = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """How long a service may be away. `promised` says that a supplier promised it, and nobody here."""

    rto: timedelta
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A city, as far as its inventory could be read.

    Attributes:
        readable: whether what stands here is what the files say now.
    """

    title: Text
    zone: tzinfo
    inventory: Inventory | None
    readable: bool

    def service(self, name: str) -> Text:
        """Return what people call a service; its name when the inventory does not have it."""
        one = self.inventory.services.get(name) if self.inventory else None
        return one.title if one else Text(en=name)

    def target(self, name: str) -> Target | None:
        """Return the RTO of a service, as it is today."""
        one = self.inventory.services.get(name) if self.inventory else None
        if one is None:
            return None
        if one.targets is not None and one.targets.rto is not None:
            return Target(one.targets.rto)
        if one.run_by is not None and one.run_by.promised_rto is not None:
            return Target(one.run_by.promised_rto, promised=True)
        return None

    def targets_of(self, about: Sequence[str]) -> tuple[Target, ...]:
        """Return the RTOs of the services that `service:login` and the like name; no backup has one."""
        named = [one.partition(":")[2] for one in about if one.startswith("service:")]
        return tuple(target for one in dict.fromkeys(named) if (target := self.target(one)))

    def services_of(self, about: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the services that `service:login` or `backup:login-nightly` lead to, each once."""
        found: dict[str, None] = {}
        for one in about:
            sort, _, name = one.partition(":")
            if sort == "service":
                found[name] = None
            elif sort == "backup" and self.inventory and name in self.inventory.backups:
                found[self.inventory.backups[name].service] = None
        return tuple(found)

    @property
    def services(self) -> tuple[str, ...]:
        """Return the names of all services."""
        return tuple(self.inventory.services) if self.inventory else ()


class Surveyor:
    """Knows the city as its files say it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._place = Place(Text(en=folder.name), UTC, None, readable=False)

    @property
    def last(self) -> Place:
        """The city as it was last read."""
        return self._place

    def place(self) -> Place:
        """Return the city, read anew when a file has changed."""
        mark = self._marks()
        with self._lock:
            if mark != self._mark:
                self._place, self._mark = self._read(), mark
            return self._place

    def known(self) -> Known | None:
        """Return what pages about services stand on; None when the inventory cannot be read.

        Runbooks that cannot be read name no services: then a run is about those that it claimed, and no others.
        """
        inventory = self.place().inventory
        if inventory is None:
            return None
        try:
            runbooks = load_runbooks([PRODUCT, self._folder / "runbooks"])
        except BadInput:
            runbooks = {}
        return Known(inventory, runbooks, timedelta())

    def _read(self) -> Place:
        try:
            inventory = load_inventory(self._folder)
        except BadInput:
            before = self._place
            return Place(before.title, before.zone, before.inventory, readable=False)
        try:
            zone: tzinfo = ZoneInfo(inventory.city.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = UTC
        return Place(inventory.city.title, zone, inventory, readable=True)

    def _marks(self) -> Mark:
        found = []
        try:
            with os.scandir(self._folder / "inventory") as listed:
                for one in listed:
                    if one.name.endswith((".yaml", ".yml")):
                        seen = one.stat()
                        found.append((one.name, seen.st_mtime_ns, seen.st_size, seen.st_ino))
        except OSError:
            return ()
        return tuple(sorted(found))
