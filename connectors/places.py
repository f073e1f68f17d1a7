"""Places in S3 stores: objects that are written once, by `If-None-Match: *`, in a bucket that keeps no versions.

Nothing is sent again by the vendor's library. What a lost answer leaves unknown is read back here, and what is not
there yet is sent once more: storing the same bytes only when nothing stands there can be done twice without harm.

Source: Amazon S3 User Guide, "Conditional writes" (read 2026-11): 412 when an object stands there, 409 when another
conditional write is under way. Measured 2026-11: SeaweedFS 4.48 answers 412; rclone 1.75.2 ignores the condition, so
that setting a place up tries it. On versioned buckets contenders took 1 to 3 s (DESIGN.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.limit import LOOKS, on_this_machine
from seawall.actions import CheckUp, Deadline, Vault
from seawall.errors import DidNothing
from seawall.inventory import Inventory
from seawall.marks import MarkedPlace
from seawall.places import SIDE_BY_SIDE, Places, PlaceSilent, silent
from seawall.targets import Store

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")

CONNECTS_WITHIN = timedelta(seconds=1.5)
"""A lost SYN is sent again after 1 s (RFC 6298)."""
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
    """One place, in one bucket. Its client may be used by several threads at once, and keeps its connections."""

    def __init__(self, name: str, store: Store, secrets: Vault) -> None:
        self._name, self._store, self._secrets = name, store, secrets
        self._clients: dict[float, S3Client] = {}
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
        answer = self._call(within, lambda s3: s3.get_object(Bucket=self._store.bucket, Key=key), absent=True)
        return None if answer is None else self._read(answer)

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        """List what is there. See `seawall.places.Place`."""
        end, found, more = time.monotonic() + within.total_seconds(), list[str](), dict[str, Any]()
        while time.monotonic() < end:
            answer = self._call(
                within,
                lambda s3: s3.list_objects_v2(Bucket=self._store.bucket, Prefix=prefix, **more),  # noqa: B023 - at once
            )
            found += (one["Key"] for one in answer.get("Contents", ()))
            if not answer.get("IsTruncated"):
                return tuple(found)
            more = {"ContinuationToken": answer["NextContinuationToken"]}
        raise silent(self._name, "it did not come to the end of its list within the limit")

    def remove(self, key: str, within: timedelta) -> None:
        """Remove what stands there. See `seawall.places.Place`."""
        self._call(within, lambda s3: s3.delete_object(Bucket=self._store.bucket, Key=key))

    def is_versioned(self, within: timedelta) -> bool:
        """Tell whether its bucket keeps versions. Raises: PlaceSilent."""
        answer = self._call(within, lambda s3: s3.get_bucket_versioning(Bucket=self._store.bucket))
        return "Status" in answer

    def close(self) -> None:
        """Let go of its connections."""
        with self._making:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _put(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        """Put once. Returns what stands there, ours if it was stored."""
        refused = self._call(
            within,
            lambda s3: s3.put_object(Bucket=self._store.bucket, Key=key, Body=content, IfNoneMatch="*"),
            condition=True,
        )
        if refused is not None:
            return content
        return self.get(key, within)

    def _read(self, answer: Mapping[str, Any]) -> bytes:
        from botocore.exceptions import BotoCoreError

        try:
            with answer["Body"] as body:
                content: bytes = body.read()
        except BotoCoreError as error:
            raise silent(self._name, "its answer broke off") from error
        return content

    def _call(
        self,
        within: timedelta,
        call: Callable[[S3Client], T],
        *,
        absent: bool = False,
        condition: bool = False,
    ) -> Any:
        """Call once; None when there is no such object (`absent`), or one already (`condition`)."""
        from botocore.exceptions import BotoCoreError, ClientError

        if within <= timedelta():
            raise silent(self._name, "the time was up before anything was sent")
        try:
            return call(self._client(within))
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = error.response.get("Error", {}).get("Code", "?")
            if absent and code == "NoSuchKey":
                return None
            if condition and status == HTTPStatus.PRECONDITION_FAILED:
                return None
            raise silent(self._name, f"its store refused with {status} {code}") from error
        except BotoCoreError as error:
            raise silent(self._name, _why(error)) from error
        except DidNothing as error:
            raise silent(self._name, f"its secret cannot be read here: {error.problem}") from error

    def _client(self, within: timedelta) -> S3Client:
        seconds = within.total_seconds()
        with self._making:
            if seconds not in self._clients:
                self._clients[seconds] = self._make_client(seconds)
            return self._clients[seconds]

    def _make_client(self, seconds: float) -> S3Client:
        from boto3.session import Session
        from botocore.config import Config
        from botocore.session import Session as CoreSession

        # Whatever ~/.aws says is about other accounts: a profile that is not there must not stop us.
        session = Session(botocore_session=CoreSession(session_vars={"profile": (None, None, None, None)}))
        settings = Config(
            connect_timeout=min(CONNECTS_WITHIN.total_seconds(), seconds),
            read_timeout=seconds,
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=SIDE_BY_SIDE,
            tcp_keepalive=True,
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            proxies={} if on_this_machine(self._store.url) else None,
        )
        client: S3Client = session.client(
            "s3",
            endpoint_url=self._store.url,
            region_name=self._store.region,
            aws_access_key_id=self._secrets.secret(self._store.access_key),
            aws_secret_access_key=self._secrets.secret(self._store.secret_key),
            config=settings,
        )
        return client


def _why(error: Exception) -> str:
    from botocore import exceptions as said

    if isinstance(error, said.EndpointConnectionError | said.ConnectTimeoutError | said.ProxyConnectionError):
        return "nobody answers at its address"
    if isinstance(error, said.SSLError):
        return "its certificate is not trusted"
    return "no answer came within the limit"
