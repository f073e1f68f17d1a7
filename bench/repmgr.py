"""The real repmgr from Debian's packages: a primary, a standby and a repmgrd beside each, on loopback, for one fault.

Two folders stand for two machines, as in the lab, and what runs on one of them is killed as the lab kills. The servers
run as the lab's do: as whoever measures, or as an unprivileged account when that is root, whom PostgreSQL and repmgrd
refuse. Their settings are the lab's too, as far as PostgreSQL 15 has them.

Source: repmgr 5.3, repmgrd(1) and repmgr.conf; its log lines as 5.3.3 writes them with `-v` and DEBUG.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.users import RunningUser
from drills.lab.account import servers_account
from drills.lab.folders import LabFolder
from drills.lab.machine import Boot
from drills.lab.ports import free_ports
from drills.lab.postgres import free_memory_of_killed
from drills.lab.power import RESET, SYSTEMS
from drills.lab.processes import end, marks
from seawall.sightings import Pace

NOT_HERE = (
    "repmgr is not on this machine, so nothing was held against it. On Debian 12: set create_main_cluster = false in"
    " /etc/postgresql-common/createcluster.conf, so that no server starts by itself, then"
    " apt-get install postgresql-15 postgresql-15-repmgr"
)
NEEDED = ("initdb", "postgres", "pg_isready", "psql", "repmgr", "repmgrd")
NODES = ("first", "second")
COMES_UP_WITHIN = 60.0
LOOKS = 3
"""So many looks of the standby's repmgrd must have been seen: the first ones follow the start and not the interval."""

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'repmgr'
max_connections = 60
shared_buffers = 64MB
wal_log_hints = on
wal_keep_size = 256MB
hot_standby_feedback = on
wal_retrieve_retry_interval = 100ms
recovery_init_sync_method = syncfs
wal_receiver_status_interval = 1s
dynamic_shared_memory_type = mmap
include = '../port.conf'
"""


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that repmgr is installed for; None where there is none."""
    found = (one.parent for one in Path("/usr/lib/postgresql").glob("*/bin/repmgrd"))
    whole = [one for one in found if all((one / name).exists() for name in NEEDED)]
    return max(whole, key=lambda one: int(one.parent.name), default=None)


def versions(at: Path) -> str:
    """Return what is measured."""
    said = (
        subprocess.run([at / name, "--version"], check=True, capture_output=True, text=True, timeout=30)
        for name in ("repmgr", "postgres")
    )
    return " on ".join(one.stdout.strip() for one in said)


@dataclass(slots=True)
class Pair:
    """A primary and its standby, watched by repmgrd.

    Attributes:
        at: the folder of the programs.
        places: one machine's folder for each.
        power: the port of the first machine's power controller, the lab's own; with it repmgrd fences before it
            promotes: it turns the machine off and waits until the controller says so. None: it fences nothing.
    """

    at: Path
    places: LabFolder
    pace: Pace
    ports: Mapping[str, int]
    power: int | None = None
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def user(self) -> RunningUser:
        """Let a user write, over libpq that looks for the primary on both."""
        ports = ",".join(str(self.ports[one]) for one in NODES)
        hosts = ",".join("127.0.0.1" for _ in NODES)
        words = f"host={hosts} port={ports} {_WHO} connect_timeout=2 target_session_attrs=read-write"
        return RunningUser(["libpq", words], self.places.root / "acknowledged", self._environment)

    def wait_for_look(self) -> None:
        """Return as the standby's repmgrd begins to look at the primary. Raises: TimeoutError."""
        log, wanted = self._log("second", "repmgrd"), 0
        limit = time.monotonic() + COMES_UP_WITHIN
        while True:
            said = log.read_text() if log.exists() else ""
            looks = said.count(f"checking {self._conninfo('first')}")
            if wanted and looks > wanted:
                return
            wanted = wanted or max(looks, LOOKS)
            if time.monotonic() > limit:
                message = "repmgrd does not look at the primary"
                raise TimeoutError(message)
            time.sleep(0.001)

    def kill_primary(self) -> None:
        """Kill every program of the primary's machine."""
        end(self.places, ["first"])

    def numbers(self) -> frozenset[int]:
        """Return every write that is in the new primary."""
        with self._connected("second") as connection:
            return frozenset(int(seq) for (seq,) in connection.execute("SELECT seq FROM written"))

    def come_up(self) -> None:
        """Make both, register them, and let repmgrd watch."""
        self._make_primary()
        if self.power is not None:
            self._guard_power(self.power)
        for number, node in enumerate(NODES, 1):
            self._write(self._config(node), self._configured(node, number))
        self._repmgr("first", "primary", "register")
        source = ["-h", "127.0.0.1", "-p", str(self.ports["first"]), "-U", "repmgr", "-d", "repmgr"]
        self._repmgr("second", *source, "standby", "clone", "--fast-checkpoint")
        self._serve("second")
        self._repmgr("second", "standby", "register")
        for node in NODES:
            words = ["-f", str(self._config(node)), "--daemonize=false", "--no-pid-file", "-v"]
            self._start(node, "repmgrd", *words, "--log-level=DEBUG")

    def go_down(self) -> None:
        """End everything."""
        end(self.places)
        for one in self._started:
            one.wait()
        for node in NODES:
            free_memory_of_killed(self.places.home(node) / "data/postmaster.pid")

    def _make_primary(self) -> None:
        secret = secrets.token_hex(16)
        self._write(self.places.root / "password", secret)
        self._write(self._passfile, f"*:*:*:repmgr:{secret}\n")
        for node in NODES:
            self.places.home(node).mkdir(parents=True)
            servers_account().own(self.places.home(node))
            self.places.log(node, "").parent.mkdir(parents=True)
            self._write(self.places.home(node) / "port.conf", f"port = {self.ports[node]}\n")
        data = self.places.home("first") / "data"
        password = f"--pwfile={self.places.root / 'password'}"
        # Asked as the lab's servers ask, and PostgreSQL by itself since 14: it takes either user as long.
        asked = ("-A", "scram-sha-256", password)
        self._run("first", "initdb", "-D", str(data), "-U", "repmgr", *asked, "-N", "--locale=C")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        self._serve("first")
        with self._connected("first", database="postgres") as connection:
            connection.execute("CREATE DATABASE repmgr")
        with self._connected("first") as connection:
            connection.execute("CREATE TABLE written (seq bigint PRIMARY KEY)")

    def _serve(self, node: str) -> None:
        self._start(node, "postgres", "-D", str(self.places.home(node) / "data"))
        limit = time.monotonic() + COMES_UP_WITHIN
        while True:
            with contextlib.suppress(psycopg.OperationalError), self._connected(node, database="postgres"):
                return
            if time.monotonic() > limit or self._started[-1].poll() is not None:
                message = f"PostgreSQL does not come up; see {self._log(node, 'postgres')}"
                raise TimeoutError(message)
            time.sleep(0.02)

    def _configured(self, node: str, number: int) -> str:
        config = self._config(node)
        promote = f"{self.at}/repmgr standby promote -f {config} --log-to-file"
        told = {
            "node_id": number,
            "node_name": node,
            "conninfo": self._conninfo(node),
            "data_directory": self.places.home(node) / "data",
            "pg_bindir": self.at,
            "passfile": self._passfile,
            "failover": "automatic",
            "promote_command": promote if self.power is None else f"/bin/sh {self._fencing(node, promote)}",
            "follow_command": f"{self.at}/repmgr standby follow -f {config} --log-to-file --upstream-node-id=%n",
            "monitor_interval_secs": int(self.pace.every.total_seconds()),
            "reconnect_attempts": self.pace.misses,
            "reconnect_interval": int(self.pace.every.total_seconds()),
        }
        return "".join(f"{name} = '{value}'\n" for name, value in told.items())

    def _guard_power(self, port: int) -> None:
        """Start the controller of the first machine's power, which stands elsewhere."""
        for folder in (self.places.boot("first").parent, self.places.state("first").parent):
            folder.mkdir(exist_ok=True)
        Boot("first", str(uuid.uuid4()), None, None, ()).save(self.places)
        password = self.places.root / "password"
        words = ["--address", "127.0.0.1", "--port", str(port), "--lab", str(self.places.root), "--machines"]
        words += ["first", "--username", "operator", "--password-file", str(password)]
        self._started.append(
            subprocess.Popen(
                [sys.executable, "-m", "drills.lab.power", *words],
                env={**os.environ, **marks(self.places, "controller")},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def _fencing(self, node: str, promote: str) -> Path:
        """Write what repmgrd calls instead of `promote`: as operators have it who fence before they promote."""
        path, secret = self._config(node).with_suffix(".sh"), (self.places.root / "password").read_text()
        at = f"http://127.0.0.1:{self.power}{SYSTEMS}/first"
        ask = f"curl --silent --fail --max-time 10 --user operator:{secret}"
        off = f'{ask} --json \'{{"ResetType":"ForceOff"}}\' {at}/{RESET}'
        is_off = f'{ask} {at} | grep -q \'"PowerState": *"Off"\''
        self._write(path, f"set -e\n{off}\nuntil {is_off}; do sleep 0.1; done\nexec {promote}\n")
        return path

    def _conninfo(self, node: str) -> str:
        return f"host=127.0.0.1 port={self.ports[node]} {_WHO} connect_timeout=2"

    def _connected(self, node: str, database: str = "repmgr") -> psycopg.Connection[tuple[Any, ...]]:
        secret = (self.places.root / "password").read_text()
        return psycopg.connect(
            host="127.0.0.1",
            port=self.ports[node],
            user="repmgr",
            password=secret,
            dbname=database,
            autocommit=True,
        )

    def _repmgr(self, node: str, *words: str) -> None:
        self._run(node, "repmgr", "-f", str(self._config(node)), *words)

    def _run(self, node: str, program: str, *words: str) -> None:
        started = self._start(node, program, *words)
        if started.wait(COMES_UP_WITHIN):
            log = self._log(node, program)
            message = f"{program} failed: {log.read_text(errors='replace')[-500:]}"
            raise RuntimeError(message)

    def _start(self, node: str, program: str, *words: str) -> subprocess.Popen[bytes]:
        with self._log(node, program).open("ab") as said:
            started = subprocess.Popen(
                [self.at / program, *words],
                cwd=self.places.home(node),
                env={**os.environ, **self._environment, **marks(self.places, node)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,  # a Ctrl-C at the terminal is the measurement's to answer
                **servers_account().popen(),
            )
        self._started.append(started)
        return started

    @property
    def _environment(self) -> dict[str, str]:
        return {"PGPASSFILE": str(self._passfile)}

    @property
    def _passfile(self) -> Path:
        return self.places.root / "pgpass"

    def _config(self, node: str) -> Path:
        return self.places.root / f"{node}.conf"

    def _log(self, node: str, program: str) -> Path:
        return self.places.log(node, program)

    def _write(self, path: Path, content: str) -> None:
        path.touch(mode=0o600)
        path.write_text(content)
        servers_account().own(path)


_WHO = "user=repmgr dbname=repmgr"


@contextmanager
def pair(at: Path, room: Path, pace: Pace, *, fences: bool = False) -> Iterator[Pair]:
    """Bring a pair up in a folder of its own below `room`, and take it down after the block, however that ends.

    Args:
        at: `programs()`.
        room: where the folder is made.
        pace: repmgrd's rule: how often it looks, and how often it tries again before it fails over.
        fences: whether it turns the old primary's machine off before it promotes.
    """
    root = Path(tempfile.mkdtemp(prefix="seawall-repmgr-", dir=room))
    servers_account().own(root)
    free = free_ports()
    ports = {node: next(free) for node in NODES}
    made = Pair(at, LabFolder(root), pace, ports, next(free) if fences else None)
    try:
        made.come_up()
        yield made
    finally:
        try:
            made.go_down()
        finally:
            shutil.rmtree(root, ignore_errors=True)
