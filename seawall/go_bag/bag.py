"""A go-bag as it is read: whole, signed, unchanged since, of this city and not too old; or refused, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from seawall.errors import BadInput
from seawall.go_bag.archive import LIAR, pack, read_archive, unpack
from seawall.go_bag.manifest import (
    CITY,
    LARGEST,
    MANIFEST,
    NAMESPACE,
    PLANS,
    SEALED,
    SIGNATURE,
    TRUST,
    Manifest,
    digest_of,
    read_manifest,
)
from seawall.model import duration_text
from seawall.plan import Plan
from seawall.ssh_wire import NotASignature
from seawall.sshsig import Signing, SshSignature, read_signature, sign, verify

LONGEST_SIGNATURE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Vouched:
    """By whose word a go-bag is believed.

    Attributes:
        key: the fingerprint of the key that signed it.
        by: whose key that is, as far as anybody here says so.
        against: what it was held against: the trust root of this machine, a key that somebody named, or nothing but
            the go-bag itself, which proves only that it is whole.
    """

    key: str
    by: str | None
    against: Literal["trust-root", "key", "itself"]


Judge = Callable[[SshSignature, Manifest], Vouched]
"""Says whether the key that signed a go-bag may. Raises: BadInput when it may not."""


@dataclass(frozen=True)
class Bag:
    """A go-bag that was read: whole, and every member as its manifest says."""

    path: Path
    manifest: Manifest
    members: Mapping[str, bytes]
    vouched: Vouched

    def age(self, now: datetime) -> float:
        """How old it is, in seconds; negative when this machine's clock is behind the one it was made by."""
        return (now - self.manifest.made_at).total_seconds()

    def is_too_old(self, now: datetime) -> bool:
        """Whether the city's policy says not to use it any more."""
        return self.age(now) > self.manifest.good_for.total_seconds()

    def refuse_old(self, now: datetime) -> None:
        """Refuse one that is older than the city's policy. Raises: BadInput."""
        if self.is_too_old(now):
            days = self.age(now) / 86400
            raise BadInput.one(
                f"it is {days:.1f} days old, and good for {duration_text(self.manifest.good_for)}",
                where=str(self.path),
                remedy="Look for a newer one where they are kept; if this is all there is, add --although-old",
            )

    def refuse_other(self, city: str) -> None:
        """Refuse one of another city. Raises: BadInput."""
        if self.manifest.city != city:
            problem = f"it is a go-bag of {self.manifest.city}, and this is {city}"
            raise BadInput.one(problem, where=str(self.path), remedy="Name a go-bag of this city")

    def plan(self, name: str) -> Plan:
        """Return the plan of this name. Raises: KeyError; BadInput when it cannot be understood here."""
        content = self.members[f"{PLANS}{name}.json"]
        try:
            return Plan.model_validate_json(content)
        except ValueError as error:
            remedy = "Use the version of Seawall that made it; its runbooks can be planned anew"
            raise BadInput.one(
                f"its plan {name} is of another version", where=str(self.path), remedy=remedy
            ) from error

    def below(self, prefix: str) -> Mapping[str, bytes]:
        """Return the members whose names begin with `prefix`, without it."""
        return {
            name.removeprefix(prefix): one for name, one in self.members.items() if name.startswith(prefix)
        }

    @property
    def city_files(self) -> Mapping[str, bytes]:
        """The city's own files, by their names in its folder."""
        return self.below(CITY)

    @property
    def trust(self) -> bytes | None:
        """The allowed signers that were on the machine it was made on."""
        return self.members.get(TRUST)

    @property
    def sealed(self) -> bytes | None:
        """The secrets, as they are sealed."""
        return self.members.get(SEALED)


def write_bag(manifest: Manifest, members: Mapping[str, bytes], by: Signing) -> bytes:
    """Return the file that holds `members`, listed in `manifest` and signed. The same inputs give the same bytes.

    Raises:
        BadInput: a name that no go-bag can hold, or too much of it.
        SeawallError: the key's holder did not sign.
    """
    written = manifest.written()
    signature = sign(written, NAMESPACE, by).encode()
    return pack({MANIFEST: written, SIGNATURE: signature, **dict(sorted(members.items()))})


def read_bag(path: Path, judge: Judge) -> Bag:
    """Read the go-bag at `path`. Raises: BadInput, with what is wrong with it."""
    _, members = read_archive(path)
    return _checked(path, members, judge)


def bag_of(content: bytes, path: Path, judge: Judge) -> Bag:
    """Read a go-bag's bytes, said to be from `path`. Raises: BadInput, as `read_bag`."""
    return _checked(path, unpack(content, str(path)), judge)


def _checked(path: Path, members: Mapping[str, bytes], judge: Judge) -> Bag:
    where = str(path)
    written = members.get(MANIFEST)
    if next(iter(members)) != MANIFEST or written is None:
        remedy = "Name a file that `seawall go-bag` wrote"
        raise BadInput.one("is no go-bag: it does not begin with a manifest", where=where, remedy=remedy)
    if len(written) > LARGEST:
        raise BadInput.one(f"its manifest has more than {LARGEST // 2**20} MB", where=where, remedy=LIAR)
    # What nobody signed is not even understood: the signature comes before the manifest's words.
    signature = _signature(members, written, where)
    manifest = read_manifest(written, where)
    vouched = judge(signature, manifest)
    found = {name: digest_of(one) for name, one in members.items() if name not in (MANIFEST, SIGNATURE)}
    wrong = sorted(
        name for name in {*found, *manifest.members} if found.get(name) != manifest.members.get(name)
    )
    if wrong:
        named = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")  # noqa: PLR2004
        raise BadInput.one(f"what it holds is not what was signed: {named}", where=where, remedy=LIAR)
    return Bag(path, manifest, members, vouched)


def _signature(members: Mapping[str, bytes], written: bytes, where: str) -> SshSignature:
    armored = members.get(SIGNATURE)
    if armored is None:
        raise BadInput.one("nobody signed it", where=where, remedy=LIAR)
    try:
        signature = read_signature(armored[:LONGEST_SIGNATURE].decode("ascii", errors="replace"))
        verify(signature, written, NAMESPACE)
    except NotASignature as error:
        raise BadInput.one(f"its signature is wrong: {error.problem}", where=where, remedy=LIAR) from None
    return signature


def by_itself(signature: SshSignature, manifest: Manifest) -> Vouched:
    """Believe whoever signed it: nobody here says whose key that is."""
    return Vouched(signature.fingerprint, manifest.made_by, "itself")


def by_key(*fingerprints: str, where: str) -> Judge:
    """Believe these keys alone, by their fingerprints."""

    def judge(signature: SshSignature, _manifest: Manifest) -> Vouched:
        if signature.fingerprint not in fingerprints:
            problem = f"it is signed by {signature.fingerprint}, and not by {', '.join(fingerprints)}"
            raise BadInput.one(problem, where=where, remedy=LIAR)
        return Vouched(signature.fingerprint, None, "key")

    return judge
