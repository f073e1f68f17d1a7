"""The city's three places, as commands hand them to a run; and what is said where there are none."""

from __future__ import annotations

from connectors.world import RealWorld, places_in
from console.terminal.screen import Screen
from seawall.actions import World
from seawall.alone import signed_alone
from seawall.driving import AtPlaces
from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.run_folder import RunFolder

ONLY_HERE = (
    "This machine only: the city has no places, so no other machine knows of this run (docs/places.md)."
)


def at_places(
    world: World, screen: Screen, run: RunFolder, alone: tuple[str, str] | None = None
) -> AtPlaces | None:
    """Return the city's places, for a run; None where it has none, which is said."""
    places = places_in(world)
    if places is not None:
        words = [one for person in alone or () if (one := signed_alone(run, person)) is not None]
        return AtPlaces(places, screen.say, alone, tuple(words))
    if isinstance(world, RealWorld):
        screen.say(ONLY_HERE, "dim")
    return None


def check_alone(alone: tuple[str, str] | None, city: Inventory) -> tuple[str, str] | None:
    """Return the two people who answer for going on alone. Raises: BadInput: they are not two of the city's."""
    if alone is None:
        return None
    where = f"--only-one-place {' '.join(alone)}"
    mistakes = [
        Mistake(where, f"{one} is not one of the city's people", "Name two people of the inventory")
        for one in alone
        if one not in city.people
    ]
    if alone[0] == alone[1]:
        mistakes.append(Mistake(where, "one person is not two", "Name two different people"))
    if not city.places:
        mistakes.append(Mistake(where, "the city has no places", "Leave it out"))
    if mistakes:
        raise BadInput(mistakes)
    return alone
