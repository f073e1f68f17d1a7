"""What a story is made of, drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.simulation.dice import Dice
from tests.simulation.faults import BadYes, Fault, drawn
from tests.simulation.incidents import KINDS, WITH_EVIDENCE, Incident

FAILBACKS = 0.025
"""In so many of all stories the service is brought home."""


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a story is made of; the same setting is the same story.

    Attributes:
        has_places: whether the city has the three places.
        is_signed: whether its machines have a trust root, so that yeses are signed.
        fails_back: whether the service is brought home after a failover in quiet; faults strike the way home.
    """

    seed: int
    mode: str
    incident: Incident
    faults: tuple[Fault, ...]
    has_places: bool
    is_signed: bool = False
    fails_back: bool = False

    @classmethod
    def drawn(cls, seed: int) -> Setting:
        """Draw it from a seed."""
        dice = Dice(seed)
        fails_back = dice.chance(FAILBACKS, "fails back")
        mode = "planned" if dice.chance(0.25, "mode") and not fails_back else "disaster"
        incident, faults = Incident.drawn(dice, mode, WITH_EVIDENCE if fails_back else KINDS), drawn(dice)
        is_signed = any(isinstance(one, BadYes) for one in faults) or dice.chance(0.05, "signed")
        return cls(seed, mode, incident, faults, dice.chance(0.2, "places"), is_signed, fails_back)

    def without(self, fault: Fault) -> Setting:
        """Leave a fault out."""
        left = list(self.faults)
        left.remove(fault)
        return replace(self, faults=tuple(left))
