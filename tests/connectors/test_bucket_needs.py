"""Of every right in a store: the printed policy is enough for an identity that has nothing else, and each is needed."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.backup import needs as backups
from connectors.backup.actions import Backup
from connectors.backup.record import BackupSetArgs
from connectors.objects import Objects
from connectors.rights.gathered import gather
from connectors.rights.policies import policy
from connectors.s3 import S3
from connectors.secrets import Secrets
from drills.lab import store as seaweed
from seawall.actions import Deadline
from seawall.entries import StoreEntry
from seawall.errors import CallError, DidNothing, Finding
from seawall.inventory import About, Inventory, Site
from seawall.model import Text
from seawall.needed import Asked
from seawall.needs import InBucket
from seawall.targets import Store
from tests.connectors.conftest import until
from tests.connectors.servers import free_port, occasion, program

ADDRESS = "127.0.5.1"
AS_PUT = "s3:AbortMultipartUpload"
"""SeaweedFS lets whoever may put also take back what was begun; Amazon asks for this right."""


class OwnStore:
    """A SeaweedFS with one bucket and one identity, which may do what its policy says and nothing else."""

    def __init__(self, url: str, admin: dict[str, Any]) -> None:
        import boto3
        from botocore.config import Config

        settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
        self._known: dict[str, Any] = {"endpoint_url": url, "region_name": seaweed.REGION, "config": settings}
        self._iam = boto3.client("iam", **self._known, **admin)
        made = boto3.client("s3", **self._known, **admin)
        made.create_bucket(Bucket=seaweed.BUCKET, ObjectLockEnabledForBucket=True)
        made.close()
        self._iam.create_user(UserName="seawall")
        key = self._iam.create_access_key(UserName="seawall")["AccessKey"]
        self.vault = Secrets({"ACCESS": key["AccessKeyId"], "SECRET": key["SecretAccessKey"]})
        self.store = Store(
            name="north-store",
            site="north",
            url=url,
            bucket=seaweed.BUCKET,
            access_key="env:ACCESS",
            secret_key="env:SECRET",
        )
        self.wire = S3(self.vault)
        self.objects = Objects(self.wire)

    def allow(self, document: dict[str, object]) -> None:
        """Let the identity do exactly this, from now on."""
        self._iam.put_user_policy(
            UserName="seawall", PolicyName="seawall", PolicyDocument=json.dumps(document)
        )

    def close(self) -> None:
        self._iam.close()
        self.objects.close()


@pytest.fixture(scope="module")
def own_store():
    folder = Path(tempfile.mkdtemp(prefix="sw-s3-", dir="/var/tmp"))
    for name in ("objects", "run"):
        (folder / name).mkdir()
    admin: dict[str, Any] = {"aws_access_key_id": "ADMINKEY", "aws_secret_access_key": "an-admins-secret"}
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": "ADMINKEY", "secretKey": "an-admins-secret"}],
        "actions": ["Admin"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    ports = {name: free_port(ADDRESS) for name in seaweed.PORTS}
    weed = Path(sys.executable).with_name("weed")
    argv = [*seaweed.program(weed, folder, ADDRESS, ports).argv, "-s3.iam.readOnly=false"]
    url = f"http://{ADDRESS}:{ports['s3']}"
    try:
        with program(argv, lambda: _lists(url, admin), folder / "log", within=60):
            made = OwnStore(url, admin)
            try:
                yield made
            finally:
                made.close()
    finally:
        for path in seaweed.sockets(ports):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder)


def _lists(url: str, admin: dict[str, Any]) -> bool:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=seaweed.REGION,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=30, read_timeout=30, proxies={}),
        **admin,
    )
    try:
        client.list_buckets()
    except (BotoCoreError, ClientError):
        return False
    finally:
        client.close()
    return True


def asked(store: Store) -> dict[tuple[str, str], dict[str, None]]:
    """What taking backups of a set, finding them, and looking with `doctor` need there."""
    args = {"backup": "login-nightly"}
    calls = [("backup.take", need) for need in backups.TAKE] + [
        ("backup.find", need) for need in backups.FIND
    ]
    found = [Asked(name, need, store, None, args) for name, need in calls if isinstance(need, InBucket)]
    city = Inventory(
        city=About(name="nowhere", title=Text(en="Nowhere")),
        sites={"north": Site(title=Text(en="North"), address="", coordinates=(0, 0))},
        stores={store.name: StoreEntry(**store.model_dump(exclude={"name"}))},
    )
    return gather(found, city).buckets[store]


@pytest.fixture
def whole(own_store):
    """The store, with everything that is printed for it."""
    document = policy(own_store.store.bucket, asked(own_store.store))
    own_store.allow(document)
    until(lambda: set(allowed(own_store).values()) == {True}, "the policy being in force")
    return own_store


def allowed(own: OwnStore):
    return own.wire.allowed(own.store, asked(own.store), soon())


def soon() -> Deadline:
    return occasion(20).deadline


def put(own: OwnStore) -> None:
    own.objects.put_stream(own.store, f"login-nightly/{time.monotonic_ns()}", [b"x"], soon())


def find(own: OwnStore) -> None:
    backup = Backup(None, own.objects, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    try:
        backup._find(BackupSetArgs(backup="login-nightly", store=own.store), occasion())
    except DidNothing as error:
        if error.finding is Finding.RIGHTS:
            raise


def get(own: OwnStore) -> None:
    b"".join(own.objects.get_stream(own.store, "login-nightly/first", soon()))


def look(own: OwnStore) -> None:
    for line in own.objects.check([own.store], soon()):
        if not line.well:
            raise DidNothing(line.saw, where=line.what, remedy=line.remedy, finding=line.finding)


USES = {
    "s3:PutObject": put,
    "s3:GetObject": get,
    "s3:ListBucket": find,
    "s3:GetBucketVersioning": look,
    "s3:GetBucketObjectLockConfiguration": look,
}


@pytest.mark.lab
class TestPolicy:
    def test_it_is_enough_for_backups_and_for_doctor(self, whole):
        whole.objects.put_stream(whole.store, "login-nightly/first", [b"first"], soon())
        large = (b"x" * (1 << 20) for _ in range(20))
        whole.objects.put_stream(whole.store, "login-nightly/large", large, soon())
        for use in USES.values():
            use(whole)
        assert set(allowed(whole).values()) == {True}

    def test_what_it_does_not_name_is_refused(self, whole):
        with pytest.raises(DidNothing, match="AccessDenied"):
            whole.objects.put_stream(whole.store, "another-set/object", [b"x"], soon())
        client = whole.wire._client(whole.store, soon())
        for call in ("delete_object", "get_object_acl", "put_object_retention"):
            with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
                getattr(client, call)(Bucket=whole.store.bucket, Key="login-nightly/first")

    @pytest.mark.parametrize("action", USES)
    def test_without_one_right_what_needs_it_is_refused_and_doctor_names_it(self, whole, action):
        whole.objects.put_stream(whole.store, "login-nightly/first", [b"first"], soon())
        less = {key: by for key, by in asked(whole.store).items() if key[0] != action}
        whole.allow(policy(whole.store.bucket, less))

        def refused() -> bool:
            try:
                USES[action](whole)
            except CallError as error:
                return error.finding is Finding.RIGHTS
            return False

        until(refused, f"{action} going")
        if action != "s3:PutObject":  # what only a change would show is not tried
            assert {name for (name, _), there in allowed(whole).items() if not there} == {action}

    def test_every_right_that_is_printed_was_tried(self, own_store):
        assert {name for name, _ in asked(own_store.store)} == {*USES, AS_PUT}
