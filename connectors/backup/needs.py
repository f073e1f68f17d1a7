"""What each `backup.*` action needs: to read a server, to write into stores, to restore beside everything else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from connectors.grants import CONNECT, REPLICATION, SCHEMA
from seawall.needs import NOTHING, AsOwner, Grant, InBucket, Login, OnHost, Replicating

__all__ = ["FIND", "NOTHING", "RESTORE", "SCRATCH", "TAKE", "fingerprint_sql"]


@cache
def fingerprint_sql() -> str:
    """Return the statements that make `seawall.fingerprint()` and the role it reads as."""
    text = Path(__file__).with_name("fingerprint.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


FINGERPRINT = Grant(
    "EXECUTE on seawall.fingerprint()",
    f"{fingerprint_sql()}\nGRANT EXECUTE ON FUNCTION seawall.fingerprint() TO {{role}};",
    "coalesce((SELECT has_function_privilege({role}, p.oid, 'EXECUTE') FROM pg_proc p JOIN pg_namespace n"
    " ON n.oid = p.pronamespace WHERE n.nspname = 'seawall' AND p.proname = 'fingerprint'), false)",
)

TAKE = (
    OnHost("server.host", ("sed",), ()),
    AsOwner("server", ("identity",), ("sed",), ("pg_controldata", "postgres", "psql", "pg_basebackup")),
    Login("server", (CONNECT, SCHEMA, FINGERPRINT), from_its_own_machine=True),
    Replicating("server", "server", (REPLICATION,)),
    InBucket("stores", ("s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"), "{backup}/"),
)
"""What is kept in a second store is read back out of the first, so that both hold the same bytes."""
FIND = (InBucket("store", ("s3:ListBucket", "s3:GetObject"), "{backup}/"),)
"""What it finds is all that is ever restored, so a restore reads where this did."""
SCRATCH = (OnHost("host", ("rm",)),)
RESTORE = (
    OnHost(
        "host", ("mktemp", "mkdir", "tar", "rm", "tail"), ("pg_verifybackup", "pg_ctl", "postgres", "psql")
    ),
)
