"""An S3 store as SeaweedFS is one: versions, object lock, conditional writes, and credentials that are checked.

Its gRPC side also listens on Unix sockets in /tmp named by port alone, so two stores on one computer must not share a
port number, whatever their addresses, and an old socket of another account's is in the way.

Source: `weed server -h`, SeaweedFS 4.48; seen: two stores with one port found each other and stopped ("split-brain").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from drills.lab.account import Account
from drills.lab.credentials import Credentials
from drills.lab.machine import Program
from seawall.marks import MARK, mark_of
from seawall.targets import Store

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "backups"
PLACES_BUCKET = "seawall-places"
"""What is written once at three places is in a bucket without versions: contenders are slow on others (DESIGN.md)."""
REGION = "eu-north-1"
PORTS = ("s3", "s3-grpc", "filer", "filer-grpc", "volume", "volume-grpc", "master", "master-grpc")


def prepare(home: Path, site: str, kept: Credentials, account: Account) -> None:
    """Lay down who may come in."""
    identities = home / "identities.json"
    credentials = {"accessKey": kept.read(f"s3_{site}_access"), "secretKey": kept.read(f"s3_{site}_secret")}
    identity = {"name": "backups", "credentials": [credentials], "actions": ["Admin"]}
    identities.touch(mode=0o600)
    identities.write_text(json.dumps({"identities": [identity]}))
    account.own(identities)
    (home / "objects").mkdir(mode=0o700)
    account.own(home / "objects")


def program(weed: Path, home: Path, address: str, ports: Mapping[str, int]) -> Program:
    """Return what a store's machine starts."""
    options = [
        f"-{name.replace('-grpc', '')}.port{'.grpc' * ('-grpc' in name)}={port}"
        for name, port in ports.items()
    ]
    return Program(
        "store",
        (
            *(str(weed), "-logtostderr=true", "server", f"-dir={home / 'objects'}", f"-ip={address}"),
            *(f"-ip.bind={address}", "-filer", "-s3", f"-s3.config={home / 'identities.json'}", *options),
            *(
                f"-filer.localSocket={home / 'run' / 'filer.sock'}",
                f"-s3.localSocket={home / 'run' / 's3.sock'}",
            ),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"),
            # Alone, it elects itself; by default it takes ten seconds over it after a power cut.
            *("-master.electionTimeout=500ms", "-master.heartbeatInterval=100ms"),
            # It would report statistics to its makers.
            "-master.telemetry=false",
            *("-master.volumeSizeLimitMB=256", "-volume.max=40", "-volume.preStopSeconds=0"),
        ),
        as_servers=True,
    )


def sockets(ports: Mapping[str, int]) -> tuple[Path, ...]:
    """Return the Unix sockets it leaves in /tmp when it is killed."""
    kinds = {name.removesuffix("-grpc"): port for name, port in ports.items() if name.endswith("-grpc")}
    return tuple(Path("/tmp") / f"seaweedfs-{kind}-grpc-{port}.sock" for kind, port in kinds.items())  # noqa: S108 - theirs


def client(store: Store, kept: Credentials, site: str, *, within: timedelta) -> S3Client:
    """Return a client that asks once and waits at most so long."""
    import boto3
    from botocore.config import Config

    limit = within.total_seconds()
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name=store.region,
        aws_access_key_id=kept.read(f"s3_{site}_access"),
        aws_secret_access_key=kept.read(f"s3_{site}_secret"),
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=limit,
            read_timeout=limit,
            s3={"addressing_style": "path"},
        ),
    )


def make_buckets(s3: S3Client, place: str) -> None:
    """Make the bucket that keeps every version of an object and can lock each against deletion, and the place's."""
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket=PLACES_BUCKET)
    s3.put_object(Bucket=PLACES_BUCKET, Key=MARK, Body=mark_of(place))
