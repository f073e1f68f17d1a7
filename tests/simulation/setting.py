"""What a story is made of, drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.simulation.dice import Dice
from tests.simulation.faults import BadYes, Fault, drawn
from tests.simulation.incidents import Incident


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a story is made of; the same setting is the same story.

    Attributes:
        has_places: whether the city has the three places.
        is_signed: whether its machines have a trust root, so that yeses are signed.
    """

    seed: int
    mode: str
    incident: Incident
    faults: tuple[Fault, ...]
    has_places: bool
    is_signed: bool = False

    @classmethod
    def drawn(cls, seed: int) -> Setting:
        """Draw it from a seed."""
        dice = Dice(seed)
        mode = "planned" if dice.chance(0.25, "mode") else "disaster"
        incident, faults = Incident.drawn(dice, mode), drawn(dice)
        is_signed = any(isinstance(one, BadYes) for one in faults) or dice.chance(0.05, "signed")
        return cls(seed, mode, incident, faults, dice.chance(0.2, "places"), is_signed)

    def without(self, fault: Fault) -> Setting:
        """Leave a fault out."""
        left = list(self.faults)
        left.remove(fault)
        return replace(self, faults=tuple(left))
