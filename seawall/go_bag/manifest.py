"""What a go-bag says of itself. These bytes are what its maker signs; everything else is held against them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError

from seawall.errors import BadInput
from seawall.model import Duration, Frozen, Name, Text
from seawall.plan import canonical

MANIFEST, SIGNATURE, SEALED, START = "manifest.json", "manifest.json.sig", "sealed/secrets.age", "__main__.py"
CITY, PLANS, SOFTWARE, PRODUCT_FOLDER, PRINTED, TRUST = (
    "city/",
    "plans/",
    "software/",
    "product/",
    "printed/",
    "trust/allowed_signers",
)
"""What the names of its members begin with: the city's own files, plans, programs, and what comes with Seawall."""
NAMESPACE = "seawall-go-bag"
"""What a go-bag's signature is for: one made for anything else does not fit."""
LARGEST = 4 * 2**20
"""Bytes a manifest may have; 20,000 members take about 3 million."""
FORMAT: Literal[1] = 1

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Sealed(Frozen):
    """Whom the secrets are sealed to: a person, and the fingerprint of the key that opens them."""

    person: str
    key: str


class KeptPlan(Frozen):
    """A plan made beforehand.

    Attributes:
        name: what it is run by, e.g. `login-to-south`.
        service: whose failure it answers.
        lost: the site whose loss it answers; None for what is run by a supplier.
        digest: of the plan in `plans/<name>.json`.
    """

    name: Name
    title: Text
    runbook: Name
    parameters: dict[str, str]
    service: Name
    lost: Name | None
    digest: Digest


class Unplanned(Frozen):
    """A failure of the first tier for which no plan could be made, and why."""

    service: Name
    why: str


class LostSite(Frozen):
    """Which plans answer the loss of a site, in the order in which services need one another."""

    site: Name
    title: Text
    plans: tuple[Name, ...]


class Software(Frozen):
    """The programs it carries: for which Python on which kind of machine."""

    python: str
    platform: str


class Manifest(Frozen):
    """What is in a go-bag, who made it when, and how long it is good for.

    Attributes:
        good_for: by the city's policy; it is too old after that.
        members: SHA-256 of every other member, but for the signature.
        secrets: the references whose secrets are sealed in it, and never what is behind them.
        without: references that could not be read where it was made.
        names: addresses that are names: without DNS they lead nowhere.
    """

    format: Literal[1] = FORMAT
    city: Name
    title: Text
    made_at: AwareDatetime
    made_by: str
    made_with: str
    good_for: Duration
    members: dict[str, Digest]
    sealed_to: tuple[Sealed, ...] = ()
    secrets: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    plans: tuple[KeptPlan, ...] = ()
    unplanned: tuple[Unplanned, ...] = ()
    sites: tuple[LostSite, ...] = ()
    names: tuple[str, ...] = ()
    software: Software | None = None

    @property
    def age_limit(self) -> timedelta:
        """How old it may become."""
        return self.good_for

    def written(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical(self.model_dump(mode="json"))


def digest_of(content: bytes) -> str:
    """Return what a manifest calls a member by."""
    return hashlib.sha256(content).hexdigest()


def digests(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the digest of each member."""
    return {name: digest_of(content) for name, content in members.items()}


def read_manifest(content: bytes, where: str) -> Manifest:
    """Read a manifest's bytes.

    Raises:
        BadInput: it is of another version, or is none.
    """
    remedy = "Use the version of Seawall that made it, or make it again: seawall go-bag"
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["loc"] == ("format",):
            raise BadInput.one("it is of another version of go-bags", where=where, remedy=remedy) from None
        place = ".".join(map(str, first["loc"]))
        problem = f"its manifest cannot be understood: {f'{place}: ' if place else ''}{first['msg']}"
        raise BadInput.one(problem, where=where, remedy=remedy) from None
    except RecursionError:
        raise BadInput.one("its manifest cannot be understood", where=where, remedy=remedy) from None
    if manifest.written() != content:
        raise BadInput.one("its manifest is not written as Seawall writes it", where=where, remedy=remedy)
    return manifest
