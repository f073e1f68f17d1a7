"""The go-bags that a city keeps, as far as their first page tells: how old, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from seawall.errors import BadInput
from seawall.go_bag.archive import first_member
from seawall.go_bag.contents import changed_since
from seawall.go_bag.manifest import LARGEST, MANIFEST, read_manifest
from seawall.settings import Settings
from seawall.situation.moment import GoBagNow

ENDING = ".pyz"
"""What a go-bag's file ends in: Python runs such a file, and every program for ZIP archives opens it."""


def file_name(city: str) -> str:
    """Return what the go-bag of a city is called."""
    return f"{city}-go-bag{ENDING}"


def kept_at(settings: Settings, city: str) -> Iterator[Path]:
    """Yield the files that a city's settings say its go-bag is kept in."""
    for said in settings.go_bag.keep_at:
        path = settings.city / Path(said).expanduser()
        yield path if path.suffix == ENDING else path / file_name(city)


def go_bags_now(settings: Settings, city: str, now: datetime) -> Iterator[GoBagNow]:
    """Tell of each go-bag that the city keeps how it is. Raises: BadInput when the city's files cannot be read."""
    good_for = settings.go_bag.at_most.total_seconds()
    for path in kept_at(settings, city):
        try:
            if not path.exists():
                yield GoBagNow(path=str(path), good_for_seconds=good_for, problem="there is none")
                continue
            manifest = read_manifest(first_member(path, MANIFEST, LARGEST), str(path))
        except BadInput as error:
            yield GoBagNow(path=str(path), good_for_seconds=good_for, problem=error.mistakes[0].problem)
            continue
        other = f"it is of {manifest.city}" if manifest.city != city else None
        yield GoBagNow(
            path=str(path),
            made_at=manifest.made_at,
            made_by=manifest.made_by,
            age_seconds=(now - manifest.made_at).total_seconds(),
            good_for_seconds=good_for,
            changed=changed_since(manifest, settings.city) if other is None else (),
            problem=other,
        )
