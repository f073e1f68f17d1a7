"""The login service's PostgreSQL: how its two servers are set up, who may do what in them, and who lives there.

Both servers have the same files in their data directory, so that pg_rewind and pg_basebackup, which copy them, change
nothing: what differs between machines (address, port, cluster name, whom to follow when it is a standby) stands in
`machine.conf` beside the data directory. `standby.signal` alone decides which of the two roles a server starts in.

Source: PostgreSQL 18 documentation, "Log-Shipping Standby Servers", pg_rewind ("functions the user must be granted"),
"Predefined Roles".
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

from connectors.rights.everything import to_install
from drills.lab.account import Account
from drills.lab.credentials import CANARY_NAME, Credentials
from drills.lab.errors import LabError
from drills.lab.folders import LabFolder
from drills.lab.processes import marks
from seawall.targets import Endpoint

if TYPE_CHECKING:
    import psycopg

CLUSTER = "login"
DATABASE = "login"
CITIZENS = 2000

SHARED = """\
# The same on both servers; machine.conf, beside the data directory, has what differs.
max_connections = 60
shared_buffers = 64MB
wal_level = replica
wal_log_hints = on
max_wal_senders = 10
max_replication_slots = 10
max_logical_replication_workers = 0
io_method = sync
# In the data directory: a server that is killed for good leaves its segments in /dev/shm for ever otherwise.
dynamic_shared_memory_type = mmap
wal_keep_size = 256MB
max_slot_wal_keep_size = 1GB
min_wal_size = 80MB
hot_standby = on
hot_standby_feedback = on
# The default, 5 s, can cost a promotion five seconds: the startup process may be asleep between two attempts to reach
# the lost primary.
wal_retrieve_retry_interval = 100ms
# A server that was killed, or copied, first makes its files safe: with one call instead of a second's worth of fsyncs.
recovery_init_sync_method = syncfs
wal_receiver_status_interval = 1s
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
password_encryption = 'scram-sha-256'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
timezone = 'UTC'
# Missing in a scratch restore, which is then told where to listen on the command line.
include_if_exists = '../machine.conf'
"""

HBA = """\
# type   database     user       address       method
local    all          postgres                 peer map=machine
local    all          all                      scram-sha-256
host     replication  replicator 127.0.0.0/8   scram-sha-256
host     all          all        127.0.0.0/8   scram-sha-256
"""

ROLES: LiteralString = "CREATE ROLE app LOGIN CONNECTION LIMIT 30"

TABLES: LiteralString = """
CREATE TABLE citizens (number text PRIMARY KEY, name text NOT NULL, street text NOT NULL, email text NOT NULL);
CREATE TABLE ledger (writer text, seq bigint, at timestamptz NOT NULL, site text NOT NULL,
  written timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (writer, seq));
CREATE TABLE heartbeat (site text PRIMARY KEY, at timestamptz NOT NULL);
GRANT SELECT ON citizens TO app;
GRANT SELECT, INSERT ON ledger TO app;
GRANT SELECT, INSERT, UPDATE ON heartbeat TO app;
"""

COUNTING: LiteralString = """
GRANT SELECT ON ledger, heartbeat TO seawall;
CREATE TABLE watched (server text PRIMARY KEY, at timestamptz NOT NULL);
GRANT SELECT, INSERT, UPDATE ON watched TO seawall;
"""
"""For drills, which count from outside what survived, and watch who takes writes by writing; the product itself touches
none of a service's tables."""

_FIRST = (
    "Ane",
    "Bo",
    "Clara",
    "Dorte",
    "Emil",
    "Freja",
    "Gorm",
    "Hedda",
    "Ib",
    "Jytte",
    "Knud",
    "Liv",
    "Malthe",
    "Nanna",
)
_LAST = (
    "Bølgesen",
    "Digegaard",
    "Flodholm",
    "Klitby",
    "Mågestrand",
    "Slusegaard",
    "Stormdal",
    "Tangkær",
    "Vandløse",
)
_STREETS = ("Digevej", "Havnegade", "Lodsvej", "Mågevej", "Slusen", "Strandgade", "Tangvej")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One of the two servers.

    Attributes:
        primary: where this server finds the other one, over the link, when it is a standby.
        slot: the name of its replication slot at the other one.
    """

    site: str
    home: Path
    listens: Endpoint
    primary: Endpoint
    slot: str

    @property
    def data_directory(self) -> Path:
        """Where its files are."""
        return self.home / "pgdata" / CLUSTER

    @property
    def name(self) -> str:
        """PostgreSQL's `cluster_name`."""
        return f"{CLUSTER}-{self.site}"

    @property
    def log(self) -> Path:
        """What `pg_ctl start` is told to write to."""
        return self.home / "postgresql.log"


def prepare(cluster: Cluster, kept: Credentials, account: Account) -> None:
    """Lay down what is this machine's own: its machine.conf and the replicator's password file."""
    place = cluster.data_directory.parent
    place.mkdir(mode=0o700)
    account.own(place)
    passwords = cluster.home / ".pgpass"
    passwords.touch(mode=0o600)
    passwords.write_text(f"*:*:*:replicator:{kept.read('db_replicator')}\n")
    account.own(passwords)
    follows = (
        f"host={cluster.primary.address} port={cluster.primary.port} user=replicator passfile={passwords} "
        f"application_name={cluster.name} connect_timeout=2 tcp_user_timeout=5000"
    )
    conf = place / "machine.conf"
    conf.write_text(
        f"cluster_name = '{cluster.name}'\n"
        f"listen_addresses = '{cluster.listens.address}'\n"
        f"port = {cluster.listens.port}\n"
        f"unix_socket_directories = '{cluster.home / 'run'}'\n"
        f"unix_socket_permissions = 0700\n"
        f"primary_conninfo = '{follows}'\n"
        f"primary_slot_name = '{cluster.slot}'\n"
    )
    account.own(conf)


def initialise(cluster: Cluster, kept: Credentials, binaries: Path, account: Account) -> str:
    """Make an empty cluster and return its system identifier.

    Raises:
        LabError: initdb says no.
    """
    # initdb reads the password before it has rights to anything of ours.
    password = cluster.home / ".initial"
    password.touch(mode=0o600)
    password.write_text(kept.read("db_postgres"))
    account.own(password)
    try:
        _run(
            account,
            cluster.home,
            binaries / "initdb",
            *("-D", str(cluster.data_directory), "-U", "postgres", f"--pwfile={password}"),
            *("--auth-local=peer", "--auth-host=scram-sha-256", "--data-checksums"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8"),
            *("--no-sync", "--no-instructions"),
        )
    finally:
        password.unlink()
    data = cluster.data_directory
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(SHARED)
    (data / "pg_hba.conf").write_text(HBA)
    (data / "pg_ident.conf").write_text(f"machine  {account.name}  postgres\n")
    said = _run(account, cluster.home, binaries / "pg_controldata", "-D", str(data))
    return next(
        line.split()[-1] for line in said.splitlines() if line.startswith("Database system identifier")
    )


def start_command(cluster: Cluster) -> str:
    """Return the command that starts the server, for a shell on its machine.

    A killed one is a zombie until init has taken note of its end, and PostgreSQL takes that for a server that runs.
    """
    noted = (
        f"for _ in $(seq 150); do read -r pid <'{cluster.data_directory}/postmaster.pid'"
        " && grep -q ') Z ' /proc/$pid/stat || break; sleep 0.1; done 2>/dev/null"
    )
    start = f"pg_ctl -D '{cluster.data_directory}' -l '{cluster.log}' -w -t 20 start </dev/null >/dev/null"
    return f"{{ {noted}; {start}; }}"


def copy_command(cluster: Cluster) -> str:
    """Return the command that makes a standby of the other server, for a shell on its machine."""
    source = f"host={cluster.primary.address} port={cluster.primary.port} user=replicator connect_timeout=5"
    return (
        f"pg_basebackup -D '{cluster.data_directory}' -d '{source}' -X stream -c fast --no-sync -C -S {cluster.slot}"
        f" && touch '{cluster.data_directory}/standby.signal'"
    )


def fill(connect: str, kept: Credentials) -> None:
    """Make roles, grants, tables and the citizens, in a server that just started.

    `connect` is the superuser's connection string, without a database.
    """
    import psycopg

    with psycopg.connect(f"{connect} dbname=postgres", autocommit=True) as server:
        server.execute(ROLES)
        server.execute(f"CREATE DATABASE {DATABASE}")
        server.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        server.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO app")
    with psycopg.connect(f"{connect} dbname={DATABASE}") as database:
        # What `seawall doctor --needs --as sql` prints, and not a right more: every drill shows that it is enough.
        for statement in to_install(DATABASE):
            database.execute(statement.encode())
        for role in ("app", "replicator", "seawall"):
            _set_password(database, role, kept.read(f"db_{role}"))
        database.execute(TABLES)
        database.execute(COUNTING)
        with database.cursor().copy("COPY citizens (number, name, street, email) FROM STDIN") as rows:
            for citizen in citizens(kept.read("canary")):
                rows.write_row(citizen)


def citizens(canary: str) -> Iterator[tuple[str, str, str, str]]:
    """Make up everybody who lives here: number, name, street, e-mail. No real number begins with day 99."""
    for count in range(CITIZENS - 1):
        name = f"{_FIRST[count % len(_FIRST)]} {_LAST[count % len(_LAST)]}"
        street = f"{_STREETS[count % len(_STREETS)]} {1 + count % 120}"
        yield f"9900{count // 10000:02d}-{count % 10000:04d}", name, street, f"borger{count}@example.invalid"
    yield canary, CANARY_NAME, "Kanariegade 1", "kanarie@example.invalid"


def _set_password(server: psycopg.Connection, role: str, password: str) -> None:
    # Encrypted here, so that the password never stands in the server's log.
    encrypted = server.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    from psycopg import sql

    server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(encrypted)))


def _run(account: Account, home: Path, program: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(program), *arguments],
        cwd=home,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            **marks(LabFolder(home.parents[1]), home.name),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **account.popen(),
    )
    if done.returncode:
        raise LabError(
            f"{program.name} ended with {done.returncode}: {done.stderr.strip()[-300:]}",
            where=str(home),
            remedy="Read what it says; a full disk and a folder it may not read are the usual reasons",
        )
    return done.stdout


def free_memory_of_killed(pid_file: Path) -> None:
    """Remove the segment that tells a PostgreSQL of another one in its folder: the kernel has 4,096 at most.

    Source: PostgreSQL 18, miscadmin.h (LOCK_FILE_LINE_SHMEM_KEY): the seventh line has the key and then the number.
    """
    with contextlib.suppress(OSError, IndexError):
        number = pid_file.read_text().splitlines()[6].split()[1]
        subprocess.run(["ipcrm", "-m", number], check=False, stderr=subprocess.DEVNULL)
