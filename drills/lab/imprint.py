"""What can be seen of a lab from outside at one time, so that what only reads can be caught changing something.

Files on the machines, rows and settings of the databases, objects in the stores, programs, what the balancer lets in,
the zone, and messages that arrived. Not seen: other places on this computer, and what a program keeps in its memory.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from drills.lab.layout import LabLayout
from drills.lab.looks import LIMIT
from drills.lab.processes import running

Imprint = Mapping[str, str]
"""What is seen, by what it is of."""

_NOT_FILES = ("pgdata", "objects")
"""Folders whose owners write there without being asked; what is in them is asked for in their own language."""
_BUSY_TABLES = ("heartbeat", "watched")
"""Written by whoever asks whether a server is well."""


def imprint(layout: LabLayout) -> Imprint:
    """Look at everything. Takes a second."""
    return dict(
        (
            *_files(layout),
            *_databases(layout),
            *_objects(layout),
            *_programs(layout),
            *_balancer(layout),
            *_zone(layout),
            *_messages(layout),
        )
    )


def differences(before: Imprint, after: Imprint, noise: Imprint | None = None) -> tuple[str, ...]:
    """Tell what is not as it was, leaving out what differed from `noise` to `before` without anybody's doing."""
    busy = set() if noise is None else {one for one in {*noise, *before} if noise.get(one) != before.get(one)}
    changed = sorted(one for one in {*before, *after} - busy if before.get(one) != after.get(one))
    return tuple(f"{one} {_how(before.get(one), after.get(one))}" for one in changed)


def _how(before: str | None, after: str | None) -> str:
    if before is None:
        return "is new"
    return "is gone" if after is None else "is changed"


def _files(layout: LabLayout) -> Iterator[tuple[str, str]]:
    for machine in layout.machines:
        home = layout.places.home(machine.name)
        for folder, folders, files in os.walk(home):
            folders[:] = [name for name in folders if name not in _NOT_FILES]
            for name in (*folders, *files):
                path = Path(folder, name)
                try:
                    found = path.lstat()
                except OSError:
                    continue
                # Not st_mtime, which whoever wrote can set; and of a folder only that it is there and whose it is.
                when = "" if stat.S_ISDIR(found.st_mode) else f"{found.st_ctime_ns} {found.st_size}"
                yield f"{machine.name}: {path.relative_to(home)}", f"{found.st_mode:o} {found.st_uid} {when}"


def _databases(layout: LabLayout) -> Iterator[tuple[str, str]]:
    import psycopg

    for name, server in layout.servers.items():
        try:
            with psycopg.connect(
                host=server.host.address,
                port=server.port,
                dbname=server.database,
                user="postgres",
                password=layout.credentials.read("db_postgres"),
                connect_timeout=int(LIMIT),
                options="-c default_transaction_read_only=on -c statement_timeout=20s",
                autocommit=True,
            ) as connection:
                tables = connection.execute(
                    "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables"
                    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> ALL (%s)",
                    (list(_BUSY_TABLES),),
                ).fetchall()
                for (table,) in tables:
                    row_by_row = f"SELECT md5(t::text) h FROM {table} t"  # noqa: S608 - PostgreSQL quoted the name
                    total = f"SELECT md5(coalesce(string_agg(h, '' ORDER BY h), '')) FROM ({row_by_row}) r"  # noqa: S608 - the same
                    (row,) = connection.execute(total.encode()).fetchall()
                    yield f"{name}: table {table}", str(row[0])
                for what, query in _SETTINGS.items():
                    (row,) = connection.execute(query.encode()).fetchall()
                    yield f"{name}: {what}", str(row[0])
        except psycopg.OperationalError as error:
            yield f"{name}: whether it answers", type(error).__name__


_SETTINGS: Mapping[str, str] = {
    "whether it is a standby": "SELECT pg_is_in_recovery()",
    "its settings": "SELECT md5(string_agg(name || setting, '' ORDER BY name)) FROM pg_settings"
    " WHERE context <> 'internal' AND source NOT IN ('client', 'session', 'override')",
    "its roles": "SELECT md5(string_agg(r::text, '' ORDER BY rolname)) FROM pg_roles r",
    "its functions": "SELECT md5(string_agg(p::text, '' ORDER BY oid)) FROM pg_proc p",
}


def _objects(layout: LabLayout) -> Iterator[tuple[str, str]]:
    from botocore.exceptions import BotoCoreError, ClientError

    from drills.lab import store

    for name, one in layout.stores.items():
        client = store.client(one, layout.credentials, one.site, within=timedelta(seconds=LIMIT * 2))
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=one.bucket)
            for page in pages:
                for kept in page.get("Contents", []):
                    yield f"{name}: object {kept['Key']}", kept["ETag"]
        except (BotoCoreError, ClientError) as error:
            yield f"{name}: whether it answers", type(error).__name__
        finally:
            client.close()


def _programs(layout: LabLayout) -> Iterator[tuple[str, str]]:
    for one in running(layout.places):
        # PostgreSQL starts and ends workers of its own accord, and writes what they do into their titles.
        if not one.command.startswith("postgres:") and "sshd" not in one.command:
            program = one.command.split()[0].rpartition("/")[2] if one.command else "?"
            yield f"{one.machine}: program {program} {one.pid}", "held" if one.state == "T" else "runs"


def _balancer(layout: LabLayout) -> Iterator[tuple[str, str]]:
    at = layout.balancer.runtime
    try:
        with socket.create_connection((at.address, at.port), LIMIT) as line:
            line.settimeout(LIMIT)
            line.sendall(b"show servers state\n")
            said = line.makefile("rb").read().decode()
    except OSError as error:
        yield "the balancer: whether it answers", type(error).__name__
        return
    for row in said.splitlines():
        words = row.split()
        # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state (HAProxy 2.8 management guide)
        if len(words) > 6 and words[0].isdecimal():  # noqa: PLR2004 - as above
            yield f"the balancer: {words[1]}/{words[3]}", f"{words[4]} {words[5]} {words[6]}"


def _zone(layout: LabLayout) -> Iterator[tuple[str, str]]:
    import dns.exception
    import dns.message
    import dns.query

    try:
        question = dns.message.make_query(layout.zone.name, "SOA")
        reply = dns.query.udp(
            question, layout.zone.server.address, timeout=LIMIT, port=layout.zone.server.port
        )
        yield "the zone", str(reply.answer[0][0].serial)
    except (OSError, dns.exception.DNSException, IndexError) as error:
        yield "the zone: whether it answers", type(error).__name__


def _messages(layout: LabLayout) -> Iterator[tuple[str, str]]:
    yield "mails", str(len(list(layout.mailbox.glob("*.eml"))))
    posts = layout.slack_messages
    yield "Slack messages", str(len(posts.read_bytes().splitlines()) if posts.exists() else 0)
