"""What a city knows of those who run a service for it: the contract, whom to ring, and what they promised.

A supplier's numbers are those of a desk, shown in plans and read out at night. A person of theirs is not named here.
"""

from __future__ import annotations

from seawall.model import Duration, Frozen, Text


class Contract(Frozen):
    """The contract with a supplier.

    Attributes:
        number: what the supplier's desk asks for first.
        kept_at: where it lies, and can be read when the archive is down too.
    """

    number: str
    kept_at: Text


class Level(Frozen):
    """Whom to ring when the desk does not get it back in time.

    Attributes:
        title: the function that answers there, never a person's name.
        telephone: its number.
    """

    title: Text
    telephone: str


class Supplier(Frozen):
    """Who runs a service that is not ours, and what they promised.

    Attributes:
        supplier: what they are called.
        contract: what was signed.
        telephone: the desk where somebody answers at night.
        answers: when somebody does, e.g. round the clock.
        promised_rto: how long they may be away by contract.
        escalation: whom to ring next, one after another.
        places: host names and addresses that are theirs, besides the one that is watched.
    """

    supplier: str
    contract: Contract | None = None
    telephone: str | None = None
    answers: Text | None = None
    promised_rto: Duration | None = None
    escalation: tuple[Level, ...] = ()
    places: tuple[str, ...] = ()
