"""What `seawall doctor` sees of the trust root: that there is one, that nobody else writes it, whose keys it names."""

from __future__ import annotations

from console.terminal.desk import Desk
from console.terminal.surroundings import surroundings
from seawall.actions import CheckUp
from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.signers import FILE, Signers, read_trust

WHAT = "trust root"


def trust_checked(desk: Desk) -> CheckUp:
    """Look at it. Whoever is asked for a yes and has no key there cannot give one."""
    try:
        trust = read_trust()
    except BadInput as error:
        first = error.mistakes[0]
        return CheckUp(WHAT, False, f"{first.where}: {first.problem}", first.remedy)
    if trust is None:
        remedy = "Name whose keys count in /etc/seawall/allowed_signers (docs/approvals.md)"
        return CheckUp(WHAT, False, "there is none: yeses are typed, and prove nobody's word", remedy)
    without = without_keys(desk.city.inventory, asked_roles(desk), trust)
    if without:
        remedy = f"Add their public keys to {trust.folder / FILE}, or print them telephone codes"
        return CheckUp(WHAT, False, f"no key of {', '.join(without)}, who may be asked for a yes", remedy)
    return CheckUp(WHAT, True, f"{len(trust.every)} keys in {trust.folder / FILE}")


def asked_roles(desk: Desk) -> frozenset[str]:
    """Return the roles that the city's runbooks ask for a yes."""
    books = desk.city.runbooks.values()
    return frozenset(step.approve.by for book in books for step in book.steps if step.approve is not None)


def without_keys(city: Inventory, roles: frozenset[str], trust: Signers) -> list[str]:
    """Return those who may be asked for a yes and have no key that counts now."""
    may = dict.fromkeys(name for role in sorted(roles) for name in city.with_role(role))
    now = surroundings().now()
    return [name for name in may if not trust.keys_of(name, "seawall-approval", now)]
