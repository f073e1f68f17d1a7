"""Places in S3 stores: objects that are written once, by `If-None-Match: *`, in a bucket that keeps no versions.

Nothing is sent again by itself. What a lost answer leaves unknown is read back here, and what is not
there yet is sent once more: storing the same bytes only when nothing stands there can be done twice without harm.

Source: Amazon S3 User Guide, "Conditional writes" (read 2026-11): 412 when an object stands there, 409 when another
conditional write is under way. Measured 2026-11: SeaweedFS 4.48 answers 412; rclone 1.75.2 ignores the condition, so
that setting a place up tries it. On versioned buckets contenders took 1 to 3 s (DESIGN.md).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connectors.limit import LOOKS
from connectors.s3_lines import NoReply, Reply, S3Lines
from connectors.s3_signing import once
from seawall.actions import CheckUp, Deadline, Vault
from seawall.errors import DidNothing
from seawall.inventory import Inventory
from seawall.marks import MarkedPlace
from seawall.places import Places, PlaceSilent, silent
from seawall.slots import VOID
from seawall.targets import Store

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

REMOVED = ("lease/", "open/", "runs/*/term/", "trial/")
"""What is ever removed: slots far behind the head of their row, the list of open runs, and trials."""
TRIES = 2
"""How often the same bytes are put when it was seen that nothing stands there."""


def places_of(city: Inventory, secrets: Vault) -> Places | None:
    """Return the city's places, None when it has none. Nothing is connected before the first call."""
    if not city.places:
        return None
    return Places(
        [MarkedPlace(S3Place(name, bucket_of(city, name), secrets)) for name in sorted(city.places)]
    )


def check_place(city: Inventory, secrets: Vault, name: str, deadline: Deadline) -> Iterator[CheckUp]:
    """Look at one place without changing it: whether it answers, carries its mark, and keeps no versions."""
    what, within = f"place {name}", timedelta(seconds=min(LOOKS, deadline.left))
    place, bucket = S3Place(name, bucket_of(city, name), secrets), bucket_of(city, name).bucket
    try:
        versioned = place.is_versioned(within)
        MarkedPlace(place).look(within)
    except PlaceSilent as error:
        yield CheckUp(what, False, error.problem, error.remedy)
        return
    finally:
        place.close()
    yield CheckUp(what, well=True, saw=f"bucket {bucket} answers, and its mark is there")
    yield CheckUp(
        f"{what} versions",
        well=not versioned,
        saw="versions are kept, which makes contenders slow" if versioned else "no versions are kept",
        remedy="Set up a bucket without versions (docs/places.md)" if versioned else "",
    )


def rights_at(city: Inventory) -> Mapping[Store, Mapping[tuple[str, str], dict[str, None]]]:
    """Return what the keys of each place's bucket must be allowed: by action of S3 and the keys' beginning."""
    wanted = [
        ("s3:ListBucket", ""),
        ("s3:GetBucketVersioning", ""),
        ("s3:GetObject", ""),
        ("s3:PutObject", ""),
        *(("s3:DeleteObject", prefix) for prefix in REMOVED),
    ]
    return {bucket_of(city, name): {right: {"places": None} for right in wanted} for name in city.places}


def bucket_of(city: Inventory, name: str) -> Store:
    """Return the bucket that a place is in; its own name tells it from the other bucket in the same store."""
    entry = city.places[name]
    own = {one: value for one, value in entry if one != "store" and value is not None}
    return city.store(entry.store).model_copy(update={"name": f"place-{name}", **own})


class S3Place:
    """One place, in one bucket. May be used by several threads at once; its connections stay open."""

    def __init__(self, name: str, store: Store, secrets: Vault) -> None:
        self._name, self._store, self._secrets = name, store, secrets
        self._lines: S3Lines | None = None
        self._making = threading.Lock()

    @property
    def name(self) -> str:
        """What the inventory calls it."""
        return self._name

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Store what is not there yet. See `seawall.places.Place`."""
        end = time.monotonic() + within.total_seconds()
        for _ in range(TRIES):
            try:
                stands = self._put(key, content, within)
            except PlaceSilent:
                if time.monotonic() >= end:
                    raise
                stands = self.get(key, within)
                if stands is None:
                    continue
            return None if stands == content else stands
        raise silent(self._name, "it did not say whether it stored what it was sent")

    def get(self, key: str, within: timedelta) -> bytes | None:
        """Return what stands there. See `seawall.places.Place`."""
        reply = self._ask("GET", key, within, also=HTTPStatus.NOT_FOUND)
        if reply.status != HTTPStatus.NOT_FOUND:
            return reply.body or VOID
        if _code(reply) != "NoSuchKey":
            raise self._refused(reply)
        return None

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """List what is there. See `seawall.places.Place`."""
        end, found = time.monotonic() + within.total_seconds(), list[str]()
        query = {"list-type": "2", "prefix": prefix}
        while time.monotonic() < end:
            listed = _read(self._ask("GET", "", within, query=query))
            found += (one.text or "" for one in listed.iterfind("Contents/Key"))
            if listed.findtext("IsTruncated") != "true":
                return tuple(found)
            query["continuation-token"] = listed.findtext("NextContinuationToken") or ""
        raise silent(self._name, "it did not come to the end of its list within the limit")

    def remove(self, key: str, within: timedelta) -> None:
        """Remove what stands there. See `seawall.places.Place`."""
        self._ask("DELETE", key, within)

    def is_versioned(self, within: timedelta) -> bool:
        """Tell whether its bucket keeps versions. Raises: PlaceSilent."""
        return _read(self._ask("GET", "", within, query={"versioning": ""})).find("Status") is not None

    def close(self) -> None:
        """Let go of its connections."""
        with self._making:
            lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()

    def _put(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Put once. Returns what stands there, ours if it was stored."""
        reply = self._ask(
            "PUT", key, within, body=content, headers=once(content), also=HTTPStatus.PRECONDITION_FAILED
        )
        return self.get(key, within) if reply.status == HTTPStatus.PRECONDITION_FAILED else content

    def _ask(self, method: str, key: str, within: timedelta, *, also: int = 0, **more: Any) -> Reply:
        """Ask once. Raises: PlaceSilent: no answer, or a refusal whose status is not the one that is welcome `also`."""
        if within <= timedelta():
            raise silent(self._name, "the time was up before anything was sent")
        try:
            reply = self._lines_to_it().ask(method, key, within.total_seconds(), **more)
        except NoReply as error:
            raise silent(self._name, str(error)) from error
        except DidNothing as error:
            raise silent(self._name, f"its secret cannot be read here: {error.problem}") from error
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES and reply.status != also:
            raise self._refused(reply)
        return reply

    def _refused(self, reply: Reply) -> PlaceSilent:
        return silent(self._name, f"its store refused with {reply.status} {_code(reply)}")

    def _lines_to_it(self) -> S3Lines:
        with self._making:
            if self._lines is None:
                access, secret = (
                    self._secrets.secret(one) for one in (self._store.access_key, self._store.secret_key)
                )
                self._lines = S3Lines(self._store, access, secret)
            return self._lines


def _code(reply: Reply) -> str:
    with contextlib.suppress(PlaceSilent):
        return _read(reply).findtext("Code") or "?"
    return "?"


def _read(reply: Reply) -> Element:
    """Read what a store wrote in XML, its names without their namespace. Raises: PlaceSilent."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.ElementTree import fromstring

    try:
        found: Element = fromstring(reply.body)
    except (ParseError, ValueError) as error:
        raise PlaceSilent(
            "its answer is not a store's", where="its store", remedy="Check the store's url in the inventory"
        ) from error
    for one in found.iter():
        one.tag = one.tag.rpartition("}")[2]
    return found
