"""A city opened for work: its inventory and runbooks, the folder of its runs, its time zone, its world."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.terminal import from_go_bag
from console.terminal.surroundings import find_city, surroundings
from seawall.errors import BadInput
from seawall.settings import Settings, load_settings

if TYPE_CHECKING:
    from seawall.actions import World
    from seawall.ground import Ground
    from seawall.inventory import Inventory
    from seawall.loading import City
    from seawall.page.keeping import Pages


@dataclass
class Desk:
    """A city's folder and its settings; the rest is loaded only when a command needs it.

    Attributes:
        bag: the go-bag that all of it comes from, in place of a folder that somebody keeps.
    """

    settings: Settings
    bag: Path | None = None

    @classmethod
    def at(cls, said: Path | None) -> Desk:
        """Open the city that was named, or the go-bag's, or the one that is here. Raises: BadInput."""
        if from_go_bag.takes_the_place_of(said):
            bag = from_go_bag.open_bag()
            assert bag is not None  # it takes the place of a folder
            return cls._set(from_go_bag.settings_of(bag), bag.path)
        return cls.in_folder(said)

    @classmethod
    def in_folder(cls, said: Path | None) -> Desk:
        """Open the city that was named, or that is here, whatever go-bag there is. Raises: BadInput."""
        return cls._set(load_settings(find_city(said)))

    @classmethod
    def _set(cls, settings: Settings, bag: Path | None = None) -> Desk:
        os.environ.setdefault("SEAWALL_LANGUAGE", settings.language)
        return cls(settings, bag)

    @property
    def folder(self) -> Path:
        """The city's folder."""
        return self.settings.city

    @property
    def runs(self) -> Path:
        """Where its runs are kept."""
        return self.settings.runs

    @cached_property
    def city(self) -> City:
        """The city, its runbooks read as they are asked for. Raises: BadInput, with every mistake in its inventory."""
        from seawall.loading import open_city

        return open_city(self.folder)

    @cached_property
    def inventory(self) -> Inventory:
        """What stands in it, without its runbooks. Raises: BadInput, with every mistake in `inventory/`."""
        if "city" in self.__dict__:
            return self.city.inventory
        from seawall.loading.city_files import read_inventory

        return read_inventory(self.folder)[0]

    @property
    def people(self) -> Inventory | None:
        """The inventory, for the sake of who is on duty; None when its files cannot say."""
        try:
            return self.inventory
        except BadInput:
            return None

    @cached_property
    def zone(self) -> tzinfo:
        """The city's time zone; UTC when its files cannot say."""
        try:
            return ZoneInfo(self.inventory.city.timezone)
        except (BadInput, ZoneInfoNotFoundError, ValueError):
            return UTC

    def open_world(self) -> World:
        """Open the world outside for one command; a context manager."""
        return surroundings().open_world(self.city)

    def ground(self, world: World) -> Ground:
        """Return what plans are made on."""
        from seawall.ground import Ground

        city = self.city
        return Ground(city.inventory, city.runbooks, city.templates, world, city.place, city.written)

    def pages(self, note: Callable[[str], None]) -> Pages:
        """Return where its status pages are kept; `note` is told when one cannot be written."""
        from seawall.page.keeping import Pages

        return Pages.of(self.settings, self.city, note)

    def local(self, at: datetime) -> datetime:
        """Return an instant in the city's time."""
        return at.astimezone(self.zone)
