"""Object stores held in a dict: every version kept, nothing ever lost unless a test says so."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.limit import in_time, unreachable
from connectors.objects import BucketRules, Headed, Listed, ListedObject, NoSuchObject, Put, Stored, listing
from seawall.actions import Deadline
from seawall.errors import DidNothing, WrongTarget
from seawall.targets import Store


@dataclass(frozen=True, slots=True)
class _Version:
    content: bytes
    sha256: str
    at: datetime


@dataclass(slots=True)
class BucketsInMemory:
    """Every store there is.

    Attributes:
        down: names of stores that do not answer.
        plain: names of stores whose bucket keeps no versions and no locks.
        without_bucket: store and bucket, where there is no such bucket.
    """

    down: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    without_bucket: set[tuple[str, str]] = field(default_factory=set)
    _kept: dict[tuple[str, str], list[_Version]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, put: Put, chunks: Iterable[bytes]) -> Stored:
        """Keep an object. See `connectors.objects.Buckets`."""
        where = self._reach(put.store, put.key, put.deadline)
        content = b"".join(chunks)
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            versions = self._kept.setdefault((put.store.name, put.key), [])
            if put.if_absent and versions:
                problem = "there is an object of that name already"
                raise DidNothing(problem, where=where, remedy="Look at the one there")
            versions.append(_Version(content, digest, datetime.now(UTC)))
            return Stored(key=put.key, bytes=len(content), sha256=digest, version=str(len(versions)))

    def get(
        self, store: Store, key: str, deadline: Deadline, *, version: str | None = None
    ) -> Iterator[bytes]:
        """Read an object. See `connectors.objects.Buckets`."""
        self._reach(store, key, deadline)
        versions = self._kept.get((store.name, key), [])
        wanted = version or str(len(versions))
        if not versions or not wanted.isdecimal() or not 1 <= int(wanted) <= len(versions):
            raise NoSuchObject("there is no such object", where=f"{store}/{key}", remedy="List what there is")
        return iter((versions[int(wanted) - 1].content,))

    def head(self, store: Store, key: str, deadline: Deadline) -> Headed:
        """Look at an object. See `connectors.objects.Buckets`."""
        self._reach(store, key, deadline)
        versions = self._kept.get((store.name, key), [])
        if not versions:
            return Headed(exists=False)
        newest = versions[-1]
        return Headed(
            exists=True,
            bytes=len(newest.content),
            sha256=newest.sha256,
            version=str(len(versions)),
            changed_at=newest.at,
        )

    def find(self, store: Store, prefix: str, at_most: int, deadline: Deadline) -> Listed:
        """List objects by key. See `connectors.objects.Buckets`."""
        self._reach(store, prefix, deadline)
        keys = sorted(key for name, key in self._kept if name == store.name and key.startswith(prefix))
        found = [(key, self._kept[store.name, key][-1]) for key in keys[:at_most]]
        objects = [ListedObject(key=key, bytes=len(one.content), changed_at=one.at) for key, one in found]
        return listing(objects, more=len(keys) > at_most)

    def rules(self, store: Store, deadline: Deadline) -> BucketRules:
        """Tell how the bucket keeps what is in it. See `connectors.objects.Buckets`."""
        self._reach(store, "", deadline)
        return BucketRules(versioned=store.name not in self.plain, locks=store.name not in self.plain)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _reach(self, store: Store, key: str, deadline: Deadline) -> str:
        where = f"{store}/{key}"
        in_time(deadline, where)
        if store.name in self.down:
            raise unreachable(where, "it is down")
        if (store.name, store.bucket) in self.without_bucket:
            raise WrongTarget(
                "there is no such bucket", where=where, remedy="Check the store's bucket in the inventory"
            )
        return where
