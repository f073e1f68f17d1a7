"""S3 as the wire of `connectors.objects`, with boto3: every byte checksummed on the way, nothing sent twice by itself.

Source: botocore 1.44.5, config.py and httpsession.py: `connect_timeout` and `read_timeout` bound one socket operation
each, `total_max_attempts` 1 means no retry. Stores differ (measured 2026-11): rclone ignores If-None-Match, moto does
not look at checksums; SeaweedFS and AWS do both.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connectors.limit import CONNECT, in_time, on_this_machine, read_ahead, unanswered, unreachable, within
from connectors.objects import BucketRules, Headed, Listed, ListedObject, NoSuchObject, Put, Stored, listing
from connectors.s3_rights import Right, allowed
from seawall.actions import Deadline, Vault
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Store

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PART = 16 << 20
"""Bytes of a part. S3 takes 10,000 of them; each thousand makes the next ones larger, up to 880 GB in all."""

PAGE = 1000
"""Objects of a listing that come in one answer; S3 gives no more."""
_CHUNK = 1 << 20
_TIERS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
_ABANDON = 0.5
_NO_BUCKET = "there is no such bucket"
_REMEDIES = {
    "NoSuchBucket": "Check the store's bucket in the inventory",
    "InvalidAccessKeyId": "Check the store's access key in the inventory",
    "SignatureDoesNotMatch": "Check the store's secret key in the inventory",
    "AccessDenied": "Give these credentials the right to do this, or use others",
    "403": "Check the store's keys, and that they may do this",
    "RequestTimeTooSkewed": "Set this machine's clock right",
    "NoSuchKey": "Check the key, or list what there is",
    "404": "Check the key, or list what there is",
    "NoSuchVersion": "List the versions there are",
    "PreconditionFailed": "Look at the object that is there; choose another key, or go on with that one",
    "BadDigest": "Look for faulty memory or a faulty network device on the way, then try again",
    "SlowDown": "Wait a little, then try again",
}
_FINDINGS = {
    "InvalidAccessKeyId": Finding.NOT_LET_IN,
    "SignatureDoesNotMatch": Finding.NOT_LET_IN,
    "AccessDenied": Finding.RIGHTS,
    "403": Finding.RIGHTS,
}


class S3:
    """Buckets in S3 stores, over boto3. Its clients may be used by several threads at once."""

    def __init__(self, secrets: Vault) -> None:
        self._secrets = secrets
        self._clients: dict[tuple[Store, float], S3Client] = {}
        self._making = threading.Lock()
        self._session: Any = None
        self._found: set[Store] = set()

    def close(self) -> None:
        """Let go of every connection."""
        with self._making:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def put(self, put: Put, chunks: Iterable[bytes]) -> Stored:
        """Store an object, in parts when it is large. See `connectors.objects.Buckets`."""
        if put.store not in self._found:
            self._expect_bucket(put)
        parts = _parts(chunks)
        first, second = next(parts, b""), next(parts, None)
        if second is None:
            return self._put_small(put, first)
        return self._put_large(put, _chained(first, second, parts))

    def get(
        self, store: Store, key: str, deadline: Deadline, *, version: str | None = None
    ) -> Iterator[bytes]:
        """Read an object, a few chunks ahead of who asks. See `connectors.objects.Buckets`."""
        which = {"VersionId": version} if version else {}
        answer = self._read(store, deadline, "get_object", Key=key, ChecksumMode="ENABLED", **which)
        return _body(answer["Body"], deadline, _place(store, key))

    def head(self, store: Store, key: str, deadline: Deadline) -> Headed:
        """Look at an object. See `connectors.objects.Buckets`."""
        try:
            answer = self._read(store, deadline, "head_object", Key=key, ChecksumMode="ENABLED")
        except NoSuchObject:
            # HEAD has no body to say what is absent, the object or its bucket.
            self._find_bucket(store, deadline)
            return Headed(exists=False)
        return Headed(
            exists=True,
            bytes=answer["ContentLength"],
            sha256=_digest_of(answer),
            version=answer.get("VersionId"),
            changed_at=answer["LastModified"],
            locked_until=answer.get("ObjectLockRetainUntilDate"),
        )

    def find(self, store: Store, prefix: str, at_most: int, deadline: Deadline) -> Listed:
        """List objects by key. See `connectors.objects.Buckets`."""
        found: list[ListedObject] = []
        page: dict[str, Any] = {}
        while len(found) < at_most:
            size = min(PAGE, at_most - len(found))
            answer = self._read(store, deadline, "list_objects_v2", Prefix=prefix, MaxKeys=size, **page)
            found += (
                ListedObject(key=one["Key"], bytes=one["Size"], changed_at=one["LastModified"])
                for one in answer.get("Contents", ())
            )
            if not answer.get("IsTruncated"):
                return listing(found, more=False)
            page = {"ContinuationToken": answer["NextContinuationToken"]}
        return listing(found, more=True)

    def rules(self, store: Store, deadline: Deadline) -> BucketRules:
        """Tell how the bucket keeps what is in it. See `connectors.objects.Buckets`."""
        self._find_bucket(store, deadline)
        versioning = self._read(store, deadline, "get_bucket_versioning")
        try:
            lock = self._read(store, deadline, "get_object_lock_configuration")
        except NoSuchObject:
            lock = {}
        enabled = lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
        return BucketRules(versioned=versioning.get("Status") == "Enabled", locks=enabled == "Enabled")

    def allowed(self, store: Store, wanted: Iterable[Right], deadline: Deadline) -> Mapping[Right, bool]:
        """Tell what these keys may do, as far as reading shows it. Raises: Unreachable, WrongTarget, DidNothing."""
        return allowed(lambda operation, more: self._read(store, deadline, operation, **more), wanted)

    def _expect_bucket(self, put: Put) -> None:
        # Some stores make the bucket that an object is put into, others fail with 500 where S3 says 404.
        try:
            self._find_bucket(put.store, put.deadline)
        except (Unreachable, WrongTarget):
            raise
        except DidNothing:
            # Keys that may only write may not ask for the bucket; the put itself will tell.
            self._found.add(put.store)

    def _find_bucket(self, store: Store, deadline: Deadline) -> None:
        try:
            self._read(store, deadline, "head_bucket")
        except NoSuchObject as error:
            raise WrongTarget(_NO_BUCKET, where=error.where, remedy=_REMEDIES["NoSuchBucket"]) from error
        self._found.add(store)

    def _put_small(self, put: Put, content: bytes) -> Stored:
        digest = hashlib.sha256(content)
        stored = Stored(key=put.key, bytes=len(content), sha256=digest.hexdigest())
        try:
            answer = self._change(
                put,
                "put_object",
                Body=content,
                ChecksumSHA256=_base64(digest.digest()),
                Metadata={"sha256": stored.sha256},
                **_condition(put),
            )
        except MayHaveActed as lost:
            return self._read_back(put, stored, stored.sha256, lost)
        return stored.model_copy(update={"version": answer.get("VersionId")})

    def _put_large(self, put: Put, parts: Iterable[bytes]) -> Stored:
        known = {"Metadata": {"sha256": put.sha256}} if put.sha256 else {}
        begun = self._read(
            put.store,
            put.deadline,
            "create_multipart_upload",
            Key=put.key,
            ChecksumAlgorithm="SHA256",
            **known,
        )
        upload = begun["UploadId"]
        try:
            listed, stored = self._send(put, upload, parts)
        except BaseException:
            # Parts alone are no object, but they are paid for: hand them back, without keeping the caller waiting.
            soon = Deadline(put.deadline.clock() + _ABANDON, put.deadline.clock)
            with contextlib.suppress(CallError):
                self._read(put.store, soon, "abort_multipart_upload", Key=put.key, UploadId=upload)
            raise
        try:
            answer = self._change(
                put,
                "complete_multipart_upload",
                MultipartUpload={"Parts": listed},
                UploadId=upload,
                **_condition(put),
            )
        except MayHaveActed as lost:
            return self._read_back(put, stored, put.sha256, lost)
        return stored.model_copy(update={"version": answer.get("VersionId")})

    def _send(self, put: Put, upload: str, parts: Iterable[bytes]) -> tuple[list[dict[str, Any]], Stored]:
        whole, count, listed = hashlib.sha256(), 0, list[dict[str, Any]]()
        for number, part in enumerate(parts, 1):
            whole.update(part)
            count += len(part)
            checksum = _base64(hashlib.sha256(part).digest())
            # A part is not seen by anyone until all are joined, so a lost answer here has changed nothing.
            answer = self._read(
                put.store,
                put.deadline,
                "upload_part",
                Key=put.key,
                UploadId=upload,
                PartNumber=number,
                Body=part,
                ChecksumSHA256=checksum,
            )
            listed.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
        return listed, Stored(key=put.key, bytes=count, sha256=whole.hexdigest())

    def _read_back(self, put: Put, stored: Stored, sha256: str | None, lost: MayHaveActed) -> Stored:
        try:
            there = self.head(put.store, put.key, put.deadline)
        except CallError:
            raise lost from None
        if not there.exists or sha256 is None or there.sha256 != sha256:
            raise lost
        return stored.model_copy(update={"version": there.version, "read_back": True})

    def _change(self, put: Put, operation: str, **arguments: Any) -> Any:
        return self._call(put.store, put.deadline, operation, {"Key": put.key, **arguments}, changes=True)

    def _read(self, store: Store, deadline: Deadline, operation: str, **arguments: Any) -> Any:
        return self._call(store, deadline, operation, arguments, changes=False)

    def _call(
        self, store: Store, deadline: Deadline, operation: str, arguments: dict[str, Any], *, changes: bool
    ) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        where = _place(store, arguments.get("Key"))
        in_time(deadline, where)
        call = getattr(self._client(store, deadline), operation)
        try:
            return within(
                deadline,
                lambda: call(Bucket=store.bucket, **arguments),
                where=where,
                changes=changes,
                let_go=_close_body,
            )
        except ClientError as error:
            raise _refusal(error.response, where, changes=changes) from error
        except BotoCoreError as error:
            raise _loss(error, where, changes=changes) from error

    def _client(self, store: Store, deadline: Deadline) -> S3Client:
        tier = max((one for one in _TIERS if one <= deadline.left), default=_TIERS[0])
        with self._making:
            if (store, tier) not in self._clients:
                self._clients[store, tier] = self._make_client(store, tier)
            return self._clients[store, tier]

    def _make_client(self, store: Store, seconds: float) -> S3Client:
        from boto3.session import Session
        from botocore.config import Config
        from botocore.session import Session as CoreSession

        if self._session is None:
            # Whatever ~/.aws says is about other accounts: a profile that is not there must not stop us.
            core = CoreSession(session_vars={"profile": (None, None, None, None)})
            self._session = Session(botocore_session=core)
        settings = Config(
            connect_timeout=min(CONNECT, seconds * 0.8),
            read_timeout=seconds,
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=16,
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            proxies={} if on_this_machine(store.url) else None,
        )
        client: S3Client = self._session.client(
            "s3",
            endpoint_url=store.url,
            region_name=store.region,
            aws_access_key_id=self._secrets.secret(store.access_key),
            aws_secret_access_key=self._secrets.secret(store.secret_key),
            config=settings,
        )
        return client


def _refusal(answer: Any, where: str, *, changes: bool) -> CallError:
    code = answer.get("Error", {}).get("Code", "?")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unanswered(where, changes=changes, saw=f"the store failed with {status} {code}")
    if code == "NoSuchBucket":
        return WrongTarget(_NO_BUCKET, where=where, remedy=_REMEDIES[code])
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return WrongTarget("the bucket is elsewhere", where=where, remedy="Check the store's region and url")
    if status == HTTPStatus.NOT_FOUND:
        return NoSuchObject(
            "there is no such object", where=where, remedy=_REMEDIES.get(code, _REMEDIES["404"])
        )
    if code == "PreconditionFailed":
        return DidNothing("there is an object of that name already", where=where, remedy=_REMEDIES[code])
    remedy = _REMEDIES.get(code, "Look the code up in the store's documentation")
    finding = _FINDINGS.get(code)
    return DidNothing(f"the store refused with {status} {code}", where=where, remedy=remedy, finding=finding)


def _loss(error: Exception, where: str, *, changes: bool) -> CallError:
    from botocore import exceptions as said

    if isinstance(error, said.EndpointConnectionError | said.ConnectTimeoutError | said.ProxyConnectionError):
        finding = Finding.SILENT if isinstance(error, said.ConnectTimeoutError) else None
        return unreachable(where, "nobody answers at its address", finding)
    if isinstance(error, said.SSLError):
        return unreachable(where, "its certificate is not trusted")
    if isinstance(error, said.ParamValidationError | said.InvalidEndpointConfigurationError):
        return DidNothing(
            "the request cannot be made", where=where, remedy="Check the store in the inventory"
        )
    if isinstance(error, said.FlexibleChecksumError):
        problem = "the bytes that came are not those that were stored"
        return DidNothing(problem, where=where, remedy="Use another copy of it")
    return unanswered(where, changes=changes)


def _body(body: Any, deadline: Deadline, where: str) -> Iterator[bytes]:
    from botocore.exceptions import BotoCoreError

    with contextlib.closing(body):
        try:
            yield from read_ahead(body.iter_chunks(_CHUNK), deadline, where)
        except BotoCoreError as error:
            raise _loss(error, where, changes=False) from error


def _close_body(answer: Any) -> None:
    if "Body" in answer:
        answer["Body"].close()


def _condition(put: Put) -> dict[str, str]:
    return {"IfNoneMatch": "*"} if put.if_absent else {}


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    gathered, number = bytearray(), 0
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= (wanted := PART * (1 + number // 1000)):
            yield bytes(gathered[:wanted])
            del gathered[:wanted]
            number += 1
    if gathered:
        yield bytes(gathered)


def _chained(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _digest_of(answer: Any) -> str | None:
    # A checksum of checksums ("...-3", of an object sent in parts) says nothing about the bytes by itself.
    checksum = answer.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum:
        return base64.b64decode(checksum).hex()
    kept = {name.lower(): value for name, value in answer.get("Metadata", {}).items()}
    return kept.get("sha256")


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _place(store: Store, key: str | None) -> str:
    return f"{store.name} ({store.url}/{store.bucket}{f'/{key}' if key else ''})"
