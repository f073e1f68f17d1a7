"""How fast a backup is verified by restoring it, beside PostgreSQL's own check of its bytes and a bare hash of as many.

By restoring is everything: fetched from the store, hashed on the way, unpacked on another machine over SSH, every file
compared with the manifest, the server started, and every table counted and digested. The check alone reads files that
lie there already, and cannot see an emptied table.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.place import Place, carried_out, lab
from bench.programs import seconds
from bench.shape import LEAST, Measured, Samples, ratio

ROWS = 1_000_000
"""Of some 290 bytes each."""
PIECE = 1 << 20
FILL = """CREATE TABLE bulk AS
 SELECT g AS number, repeat(md5(g::text), 8) AS words FROM generate_series(1, %s) AS g"""


def run() -> Measured:
    """Fill the lab's database, take a backup, and verify it in turn with the others."""
    with lab() as here, TemporaryDirectory(prefix="backup-") as temporary:
        _fill(here)
        (backup,) = here.desk.city.inventory.backups
        carried_out(here, "take-backup", {"backup": backup})
        plain = Path(temporary) / "plain"
        _copy(here, plain)
        size = sum(one.stat().st_size for one in plain.rglob("*") if one.is_file()) / 1e9
        check = [f"{here.server('north').binaries}/pg_verifybackup", "-q", str(plain)]
        whole, restore, compare, alone, hashed = [], [], [], [], []
        for _ in range(LEAST):
            one = carried_out(here, "verify-backup", {"backup": backup})
            whole.append(size / one.ended["compare"])
            restore.append(size / one.lasted("restore"))
            compare.append(size / one.lasted("compare"))
            alone.append(size / seconds(check, os.environ))
            hashed.append(size / _hashed(plain))
    ours = _rates("by restoring, all of it", whole)
    theirs = _rates("pg_verifybackup alone, SHA-256 manifest", alone)
    bare = _rates("SHA-256 of the same files, one core", hashed)
    return Measured(
        question=f"How many GB of a backup of {size:.2f} GB are verified in a second?",
        samples=(
            ours,
            _rates("  of that: fetch, unpack, compare bytes, start", restore),
            _rates("  of that: count and digest every table", compare),
            theirs,
            bare,
        ),
        ratios=(ratio(ours, theirs), ratio(theirs, bare)),
        beside="Store, sender, receiver and server share this machine's cores.",
    )


def _rates(of: str, values: list[float]) -> Samples:
    return Samples(of=of, unit="GB/s", values=tuple(values))


def _fill(here: Place) -> None:
    with here.superuser(here.active) as connection:
        connection.execute(FILL, (ROWS,))
        connection.execute("CHECKPOINT")


def _copy(here: Place, folder: Path) -> None:
    server = here.server(here.active)
    seconds(
        [
            *(f"{server.binaries}/pg_basebackup", "-D", str(folder), "-X", "fetch", "-c", "fast", "-w"),
            *("--manifest-checksums=SHA256", "-h", server.host.address, "-p", str(server.port)),
            *("-U", server.replicator),
        ],
        {**os.environ, "PGPASSWORD": here.secret(server.replicator_password)},
    )


def _hashed(folder: Path) -> float:
    began = time.monotonic()
    for one in folder.rglob("*"):
        if one.is_file():
            digest = hashlib.sha256()
            with one.open("rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
    return time.monotonic() - began
