"""What every way to back PostgreSQL up must do: in memory here, and on the lab's real servers."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.backup import PostgresTools
from connectors.backup.actions import Backup
from connectors.backup.record import BackupMade, Table, compare
from connectors.memory.backup import ToolsInMemory
from connectors.memory.objects import BucketsInMemory
from connectors.objects import Objects
from connectors.s3 import S3
from connectors.secrets import Secrets
from connectors.ssh import Ssh
from drills.lab.layout import LabLayout
from seawall.actions import Deadline, Occasion, World
from seawall.errors import DidNothing
from seawall.targets import Host, Server, Store


@dataclass(frozen=True)
class Place:
    """A world with one server, two stores and a host to restore on, and ways to spoil things.

    Attributes:
        flip_a_byte: spoil one byte of an object; it lies that far in, from 0 to 1.
    """

    world: World
    server: Server
    host: Host
    stores: tuple[Store, ...]
    empty_table: Callable[[], None]
    flip_a_byte: Callable[[Store, str, float], None]
    left_over: Callable[[], list[str]]


def perform(place: Place, action: str, **args: Any) -> Any:
    return place.world.perform(action, args, Occasion(Deadline.within(timedelta(seconds=60)), "run", "step"))


def take(place: Place) -> BackupMade:
    made: BackupMade = perform(
        place, "backup.take", backup="nightly", server=place.server, stores=place.stores
    )
    return made


def restore(place: Place, made: BackupMade, store: Store):
    where = {"host": place.host, "binaries": place.server.binaries, "database": place.server.database}
    return perform(place, "backup.restore", found=made, store=store, **where)


class BackupContract:
    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    def test_a_backup_is_found_in_every_store_as_it_was_recorded(self, place):
        made = take(place)
        assert made.after
        for store in place.stores:
            assert perform(place, "backup.find", backup="nightly", store=store) == made

    def test_a_whole_backup_is_proven_from_each_store_and_nothing_is_left(self, place):
        made = take(place)
        for store in place.stores:
            scratch = restore(place, made, store)
            verified = perform(place, "backup.verify", scratch=scratch, host=place.host)
            assert (verified.wrong, verified.content_matches, verified.sizes_match) == ((), True, True)
            assert verified.rows == sum(one.rows for one in made.after)
            assert perform(place, "backup.judge", verified=verified) == verified
            assert perform(place, "backup.is-dropped", scratch=scratch, host=place.host).holds is False
            perform(place, "backup.drop", scratch=scratch, host=place.host)
            assert perform(place, "backup.is-dropped", scratch=scratch, host=place.host).holds is True
        assert place.left_over() == []

    @pytest.mark.parametrize("far", [0.0, 0.5], ids=["in-its-first-line", "in-its-middle"])
    def test_one_flipped_byte_stops_the_restore_names_the_other_copy_and_leaves_nothing(self, place, far):
        made = take(place)
        bad, good = place.stores[1], place.stores[0]
        place.flip_a_byte(bad, made.key, far)
        with pytest.raises(DidNothing) as refused:
            restore(place, made, bad)
        assert good.name in refused.value.remedy
        assert place.left_over() == []

    def test_a_table_emptied_before_the_backup_shows_against_the_record_of_another(self, place):
        whole = take(place)
        place.empty_table()
        made = take(place)
        recorded = made.model_copy(update={"before": whole.before, "after": whole.after})
        scratch = restore(place, recorded, place.stores[0])
        verified = perform(place, "backup.verify", scratch=scratch, host=place.host)
        assert verified.content_matches is False
        assert any("citizens has 0 rows, recorded were 2000" in one for one in verified.wrong)
        perform(place, "backup.drop", scratch=scratch, host=place.host)

    def test_an_empty_store_says_how_to_fill_it(self, place):
        with pytest.raises(DidNothing, match="no backup of weekly") as refused:
            perform(place, "backup.find", backup="weekly", store=place.stores[0])
        assert "take-backup" in refused.value.remedy

    def test_a_scratch_restore_is_looked_at_only_where_it_stands(self, place):
        scratch = restore(place, take(place), place.stores[0])
        other = place.host.model_copy(update={"name": "another"})
        with pytest.raises(DidNothing, match="not on another"):
            perform(place, "backup.drop", scratch=scratch, host=other)
        perform(place, "backup.drop", scratch=scratch, host=place.host)


def a_store(name: str) -> Store:
    keys = {"access_key": "env:A", "secret_key": "env:S"}
    return Store(name=name, site="north", url="http://127.0.0.1:9", bucket="backups", **keys)


def a_server() -> Server:
    host = Host(
        name="north-db",
        site="north",
        address="127.0.0.1",
        user="ops",
        key="env:KEY",
        host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhhFIuK0XWDRBvCdXBOqEHMkUzEGxGRQuLxSDqQ2tLp",
        hostname="north-db",
    )
    roles = {
        "user": "seawall",
        "password": "env:P",
        "replicator": "replicator",
        "replicator_password": "env:R",
    }
    place: dict[str, Any] = {
        "data_directory": "/srv/pg",
        "binaries": "/usr/lib/pg",
        "cluster_name": "login-north",
        "database": "login",
    }
    named = {"name": "north-db/login", "system_identifier": "7300000000000000001", "port": 5432}
    return Server.model_validate({"host": host, **named, **roles, **place})


class TestInMemory(BackupContract):
    @pytest.fixture
    def place(self) -> Place:
        tools, objects, server = ToolsInMemory(), Objects(BucketsInMemory()), a_server()
        tools.tables[server.name] = {"public.citizens": (2000, "77"), "public.ledger": (12, "5")}

        return Place(
            world=World(Backup(tools, objects, lambda: datetime.now(UTC))),
            server=server,
            host=server.host,
            stores=(a_store("north-store"), a_store("south-store")),
            empty_table=lambda: tools.tables[server.name].update({"public.citizens": (0, "0")}),
            flip_a_byte=partial(flip, objects),
            left_over=lambda: sorted(tools.scratch),
        )


@pytest.mark.lab
class TestLab(BackupContract):
    @pytest.fixture
    def place(self, lab):
        vault = Secrets()
        server, host = lab.servers["north-db/login"], lab.hosts["south-db"]
        objects = Objects(S3(vault))
        shell = Ssh(vault)
        backup = Backup(PostgresTools(shell, vault), objects, lambda: datetime.now(UTC))
        before = set(scratch_of(server))
        with (
            World(backup, shell, objects, vault=vault) as world,
            a_copy_of_citizens(server, vault, lab) as empty,
        ):
            yield Place(
                world=world,
                server=server,
                host=host,
                stores=(lab.stores["north-store"], lab.stores["south-store"]),
                empty_table=empty,
                flip_a_byte=partial(flip, objects),
                left_over=lambda: left_over(server, before),
            )
        assert left_over(server, before) == []


def flip(objects: Objects, store: Store, key: str, far: float) -> None:
    soon = Deadline.within(timedelta(seconds=60))
    content = bytearray(b"".join(objects.get_stream(store, key, soon)))
    content[int(len(content) * far)] ^= 1
    objects.put_stream(store, key, [bytes(content)], soon)


def left_over(server: Server, before: set[str]) -> list[str]:
    """Return what stays of scratch restores. Others at work on this machine have folders there for a moment."""
    left, end = set(scratch_of(server)) - before, time.monotonic() + 30
    while left and time.monotonic() < end:
        time.sleep(0.1)
        left &= set(scratch_of(server))
    return sorted(left)


def scratch_of(server: Server) -> Iterator[str]:
    """Folders of scratch restores of this server's records, or of nothing that could be read.

    Source: PostgreSQL 18, catalog/pg_control.h: the system identifier is the first field, a uint64.
    """
    for folder in Path("/tmp").glob("seawall-*"):
        control = folder / "data" / "global" / "pg_control"
        ours = struct.pack("<Q", int(server.system_identifier))
        if folder.is_dir() and (not control.exists() or control.read_bytes()[:8] == ours):
            yield str(folder)


@contextlib.contextmanager
def a_copy_of_citizens(server: Server, vault: Secrets, lab: LabLayout) -> Iterator[Callable[[], None]]:
    """Yield how to empty the table of citizens, which is filled again afterwards."""
    import psycopg

    with psycopg.connect(
        host=server.host.address,
        port=server.port,
        dbname=server.database,
        user="postgres",
        password=vault.secret(lab.superuser_password),
        connect_timeout=60,
        autocommit=True,
    ) as connection:
        citizens = connection.execute("SELECT * FROM citizens").fetchall()

        def empty() -> None:
            connection.execute("TRUNCATE citizens")

        try:
            yield empty
        finally:
            (left,) = connection.execute("SELECT count(*) FROM citizens").fetchone() or (0,)
            if left != len(citizens):
                connection.execute("TRUNCATE citizens")
                with connection.cursor() as cursor:
                    cursor.executemany("INSERT INTO citizens VALUES (%s, %s, %s, %s)", citizens)


def made_of(before: dict[str, int], after: dict[str, int]) -> BackupMade:
    now = datetime(2026, 11, 21, tzinfo=UTC)

    def tables(counts):
        return tuple(Table(name=name, rows=rows, digest=str(rows)) for name, rows in counts.items())

    return BackupMade(
        backup="b", label="l", key="k", stores=("s",), server="n", system_identifier="7", began=now, ended=now, size=1,
        sha256="0", before=tables(before), after=tables(after),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (9, ("table t has 9 rows, recorded were 10 to 20",)),
        (10, ()),
        (15, ()),
        (20, ()),
        (21, ("table t has 21 rows, recorded were 10 to 20",)),
    ],
)
def test_a_table_that_was_written_to_must_come_back_with_as_many_rows_as_between(rows, wrong):
    assert compare(made_of({"t": 10}, {"t": 20}), (Table(name="t", rows=rows, digest="any"),)) == wrong


def test_a_table_at_rest_must_come_back_to_the_letter():
    made = made_of({"t": 10}, {"t": 10})
    assert compare(made, (Table(name="t", rows=10, digest="10"),)) == ()
    assert compare(made, (Table(name="t", rows=10, digest="11"),)) == (
        "table t has other content than was recorded",
    )
    assert compare(made, ()) == ("table t is missing",)
