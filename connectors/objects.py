"""Object stores: put, get and look at objects in a bucket, each compared by SHA-256 with what was meant.

The real wire is `connectors.s3`; the one in memory is `connectors.memory.objects`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from connectors.limit import LOOKS
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Seen
from seawall.errors import CallError, DidNothing
from seawall.model import Frozen
from seawall.needs import InBucket
from seawall.targets import Store

Key = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]+$")]
_CHUNK = 1 << 20
LISTS = "Lists the objects under a prefix"
_MAY_LIST = InBucket("store", ("s3:ListBucket",))


class PutArgs(Frozen):
    """What is put where. Exactly one of `text`, `base64` and `file` is given.

    Attributes:
        text: the object, as UTF-8.
        base64: the object, for bytes that are no text.
        file: absolute path of a file on the machine that runs Seawall.
        if_absent: refuse when there is an object of that name already.
    """

    store: Store
    key: Key
    text: Annotated[str, Field(max_length=1_000_000)] | None = None
    base64: Annotated[str, Field(max_length=1_400_000)] | None = None
    file: str | None = None
    if_absent: bool = False

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if sum(one is not None for one in (self.text, self.base64, self.file)) != 1:
            message = "give exactly one of text, base64 and file"
            raise ValueError(message)
        try:
            base64.b64decode(self.base64 or "", validate=True)
        except binascii.Error as error:
            message = f"base64 is not base64: {error}"
            raise ValueError(message) from error
        return self

    def chunks(self) -> Iterator[bytes]:
        """Read the content, from the start. Raises: DidNothing when the file cannot be read."""
        if self.file is None:
            yield self.text.encode() if self.text is not None else base64.b64decode(self.base64 or "")
            return
        try:
            with Path(self.file).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            problem = f"the file cannot be read: {error.strerror}"
            raise DidNothing(problem, where=self.file, remedy="Check its path and permissions") from error


class GetArgs(Frozen):
    """Which object is read, and where it is laid.

    Attributes:
        version: an older version's id, in a bucket that keeps versions.
        into: absolute path of the file it becomes on this machine; without one it is read for its digest only.
    """

    store: Store
    key: Key
    version: str | None = None
    into: str | None = None


class ListArgs(Frozen):
    """Which objects are listed: those whose key begins with `prefix`, at most so many."""

    store: Store
    prefix: str = ""
    at_most: Annotated[int, Field(ge=1, le=100_000)] = 1000


class HeadArgs(Frozen):
    """Which object is looked at without reading it."""

    store: Store
    key: Key


class Stored(Seen):
    """An object that is in the store.

    Attributes:
        sha256: of its bytes, hexadecimal, counted on this machine.
        read_back: the store's answer was lost, and the object was then found there.
    """

    key: str
    bytes: int
    sha256: str
    version: str | None = None
    read_back: bool = False

    def __str__(self) -> str:
        return f"{self.key} is stored: {self.bytes} bytes, SHA-256 {self.sha256[:12]}"


class IsThere(Proof):
    """Whether the store holds exactly what was put, and what a step that put it would have seen."""

    stored: Stored | None = None

    def stand_in(self) -> Stored | None:
        """Return what the step would have seen."""
        return self.stored


class Got(Seen):
    """An object that was read to its end. `into` is the file it became."""

    key: str
    bytes: int
    sha256: str
    into: str | None = None

    def __str__(self) -> str:
        return f"{self.key} was read: {self.bytes} bytes, SHA-256 {self.sha256[:12]}"


class ListedObject(Frozen):
    """One object of a listing."""

    key: str
    bytes: int
    changed_at: AwareDatetime


class Listed(Seen):
    """Objects, by key. `more` says that there are others."""

    count: int
    bytes: int
    newest_at: AwareDatetime | None
    more: bool
    objects: tuple[ListedObject, ...]

    def __str__(self) -> str:
        return f"{self.count} objects of {self.bytes} bytes{', and more' if self.more else ''}"


class Headed(Seen):
    """What a store says of one object. `sha256` is what the store holds itself to, if it says.

    Attributes:
        locked_until: no one can delete this version before then.
    """

    exists: bool
    bytes: int | None = None
    sha256: str | None = None
    version: str | None = None
    changed_at: AwareDatetime | None = None
    locked_until: AwareDatetime | None = None


class NoSuchObject(DidNothing):
    """There is no object under that key, or not in that version."""


@dataclass(frozen=True, slots=True)
class BucketRules:
    """Whether a bucket keeps every version, and whether it can lock them against deletion."""

    versioned: bool
    locks: bool


@dataclass(frozen=True, slots=True)
class Put:
    """One object on its way into a store.

    Attributes:
        sha256: of its bytes, hexadecimal, when it is known beforehand; it is then kept beside the object.
        if_absent: refuse when there is an object of that name.
    """

    store: Store
    key: str
    deadline: Deadline
    sha256: str | None = None
    if_absent: bool = False


class Buckets(Protocol):
    """The wire: what an object store must be able to do."""

    def put(self, put: Put, chunks: Iterable[bytes]) -> Stored:
        """Store an object that appears whole or not at all. What `chunks` raises is passed on.

        Raises: DidNothing, also when `if_absent` and there is one; Unreachable; WrongTarget; MayHaveActed.
        """

    def get(
        self, store: Store, key: str, deadline: Deadline, *, version: str | None = None
    ) -> Iterator[bytes]:
        """Read an object; the store's own checksum is compared at its end. Raises: DidNothing and its kin."""

    def head(self, store: Store, key: str, deadline: Deadline) -> Headed:
        """Look at an object. Raises: DidNothing and its kin."""

    def find(self, store: Store, prefix: str, at_most: int, deadline: Deadline) -> Listed:
        """List objects by key. Raises: DidNothing and its kin."""

    def rules(self, store: Store, deadline: Deadline) -> BucketRules:
        """Tell how the bucket keeps what is in it. Raises: DidNothing and its kin."""

    def close(self) -> None:
        """Let go of every connection."""


class Objects:
    """Objects in S3 stores."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what an object store can be asked to do."""
        return (
            Action(
                "objects.put",
                Effect.CHANGES,
                PutArgs,
                Stored,
                self._put,
                "Puts a small object, or a local file, into a store; with if_absent only where there is none",
                limit=timedelta(minutes=5),
                proof="objects.is-there",
                after_limit_it_cannot_act=False,  # a store may finish what it has taken in; nothing tells it not to
                needs=(InBucket("store", ("s3:PutObject", "s3:AbortMultipartUpload"), "{key}"),),
            ),
            Action(
                "objects.is-there",
                Effect.READS,
                PutArgs,
                IsThere,
                self._is_there,
                "Tells whether the store holds exactly these bytes under this key",
                needs=(InBucket("store", ("s3:GetObject", "s3:ListBucket"), "{key}"),),
            ),
            Action(
                "objects.get",
                Effect.READS,
                GetArgs,
                Got,
                self._get,
                "Reads an object to its end, for its digest and size, and lays it into a file if asked",
                limit=timedelta(minutes=5),
                needs=(InBucket("store", ("s3:GetObject", "s3:GetObjectVersion"), "{key}"),),
            ),
            Action("objects.list", Effect.READS, ListArgs, Listed, self._list, LISTS, needs=(_MAY_LIST,)),
            Action(
                "objects.head",
                Effect.READS,
                HeadArgs,
                Headed,
                self._head,
                "Tells whether there is an object, its size, version and lock, without reading it",
                needs=(InBucket("store", ("s3:GetObject", "s3:ListBucket"), "{key}"),),
            ),
        )

    def close(self) -> None:
        """Let go of every connection."""
        self._buckets.close()

    def check(self, stores: Iterable[Store], deadline: Deadline) -> Iterator[CheckUp]:
        """Look at each store without changing it. That a locked version resists deletion is left to the lab's tests."""
        for store in stores:
            yield from self._looked_at(store, deadline.at_most(LOOKS))

    def _looked_at(self, store: Store, deadline: Deadline) -> Iterator[CheckUp]:
        what = f"store {store.name}"
        try:
            rules = self._buckets.rules(store, deadline)
        except CallError as error:
            yield CheckUp.failed(what, error)
            return
        yield CheckUp(what, well=True, saw=f"bucket {store.bucket} answers")
        kept, locks = "earlier versions are kept", "versions can be locked"
        yield _rule(f"{what} versions", kept, "switch versioning on", well=rules.versioned)
        yield _rule(f"{what} lock", locks, "make a bucket with object lock and move to it", well=rules.locks)

    def put_stream(self, store: Store, key: str, chunks: Iterable[bytes], deadline: Deadline) -> int:
        """Keep `chunks` under `key`. See `seawall.actions.ObjectStore`."""
        return self._buckets.put(Put(store, key, deadline), chunks).bytes

    def get_stream(self, store: Store, key: str, deadline: Deadline) -> Iterator[bytes]:
        """Yield what is kept under `key`. See `seawall.actions.ObjectStore`."""
        return self._buckets.get(store, key, deadline)

    def keys(self, store: Store, prefix: str, deadline: Deadline) -> Sequence[str]:
        """List every key that begins with `prefix`, in order. See `seawall.actions.ObjectStore`."""
        return [one.key for one in self._buckets.find(store, prefix, sys.maxsize, deadline).objects]

    def _put(self, args: PutArgs, occasion: Occasion) -> Stored:
        digest, _ = _measure(args.chunks())
        put = Put(args.store, args.key, occasion.deadline, sha256=digest, if_absent=args.if_absent)
        return self._buckets.put(put, args.chunks())

    def _is_there(self, args: PutArgs, occasion: Occasion) -> IsThere:
        digest, count = _measure(args.chunks())
        there = self._buckets.head(args.store, args.key, occasion.deadline)
        what = f"{args.key} in {args.store}"
        if not there.exists:
            return IsThere(holds=False, because=f"there is no {what}")
        if there.bytes != count or (there.sha256 is not None and there.sha256 != digest):
            return IsThere(holds=False, because=f"{what} is another object")
        if there.sha256 is None:
            return IsThere(
                holds=None, because=f"{what} has the right size, and the store keeps no digest of it"
            )
        stored = Stored(key=args.key, bytes=count, sha256=digest, version=there.version, read_back=True)
        return IsThere(holds=True, because=f"{what} is this object", stored=stored)

    def _get(self, args: GetArgs, occasion: Occasion) -> Got:
        chunks = self._buckets.get(args.store, args.key, occasion.deadline, version=args.version)
        if args.into is None:
            digest, count = _measure(chunks)
        else:
            digest, count = _lay(chunks, Path(args.into))
        return Got(key=args.key, bytes=count, sha256=digest, into=args.into)

    def _list(self, args: ListArgs, occasion: Occasion) -> Listed:
        return self._buckets.find(args.store, args.prefix, args.at_most, occasion.deadline)

    def _head(self, args: HeadArgs, occasion: Occasion) -> Headed:
        return self._buckets.head(args.store, args.key, occasion.deadline)


def listing(objects: Sequence[ListedObject], *, more: bool) -> Listed:
    """Add up a listing."""
    return Listed(
        count=len(objects),
        bytes=sum(one.bytes for one in objects),
        newest_at=max((one.changed_at for one in objects), default=None),
        more=more,
        objects=tuple(objects),
    )


def _measure(chunks: Iterable[bytes], write: Callable[[bytes], object] = bool) -> tuple[str, int]:
    digest, count = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        count += len(chunk)
        write(chunk)
    return digest.hexdigest(), count


def _lay(chunks: Iterable[bytes], path: Path) -> tuple[str, int]:
    """Write a file that appears under its name only when it is whole and on the disk."""
    part = path.with_name(f"{path.name}.part")
    try:
        try:
            with part.open("wb") as file:
                measured = _measure(chunks, file.write)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        problem = f"the file cannot be written: {error.strerror}"
        raise DidNothing(
            problem, where=str(path), remedy="Check the folder, its permissions and its free space"
        ) from error
    return measured


def _rule(what: str, saw: str, remedy: str, *, well: bool) -> CheckUp:
    return CheckUp(what, well, saw if well else f"not true that {saw}", "" if well else remedy)
