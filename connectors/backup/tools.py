"""PostgreSQL's own programs for backups, run on the city's machines over a shell.

Passwords go in over standard input, never on a command line. A scratch restore listens on no network, only on a socket
in a folder that its owner alone can enter.

Source: PostgreSQL 18 documentation, pg_basebackup ("-D -": the manifest is put into the tar), pg_verifybackup,
"Recovering Using a Continuous Archive Backup". Which half-measures miss what was measured 2026-11 (docs/adr/0012).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from connectors.backup.record import Table
from connectors.owner import as_owner, header
from seawall.actions import Deadline, Output, Shell, Vault
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.targets import Host, Server

FINGERPRINTS = "SELECT relation, rows, digest FROM seawall.fingerprint() ORDER BY relation"
"""Counts and digests of every table; the function gives nothing else away (docs/adr/0012 has its text)."""

SHORT_FILES = """
SELECT oid::regclass FROM pg_class
WHERE relkind IN ('r', 'm', 't') AND relpages > 0
  AND pg_relation_size(oid) < relpages::bigint * current_setting('block_size')::bigint
"""
"""Tables whose files are shorter than the catalogue believes: finds a missing segment without knowing any count."""

IDENTITY_WITHIN = 15.0
"""Seconds that a server's own program has to say which server it is for."""

_SOCKET = "/tmp/seawall-"  # noqa: S108 - a socket's path must be short (108 bytes); the folder is made 0700 by mktemp


class PostgresTools:
    """Backups with pg_basebackup, pg_verifybackup and a scratch server."""

    def __init__(self, shell: Shell, secrets: Vault) -> None:
        self._shell, self._secrets = shell, secrets

    def fingerprints(self, server: Server, deadline: Deadline) -> tuple[Table, ...] | None:
        """Count and digest every table of a running server; None when it has no `seawall.fingerprint()`."""
        psql = f"{_program(server.binaries, 'psql')} -XAt -F '|' -v ON_ERROR_STOP=1"
        command = f"{_password()}{psql} {_connection(server, server.user)} -d {shlex.quote(server.database)}"
        output = self._shell.run(
            server.host,
            f"{_identity(server)}{command} -c {shlex.quote(FINGERPRINTS)}",
            deadline,
            stdin=f"{self._secrets.secret(server.password)}\n".encode(),
        )
        _refuse_wrong(output, server)
        if output.status and "fingerprint" in output.stderr:
            return None
        _expect_well(output, server.name, "its tables could not be counted")
        return _tables(output.stdout)

    def base(self, server: Server, label: str, deadline: Deadline) -> Iterator[bytes]:
        """Yield a base backup of a running server as one tar archive with its manifest and the WAL it needs."""
        program = _program(server.binaries, "pg_basebackup")
        return self._shell.stream_from(
            server.host,
            f"{_identity(server)}{_password()}exec {program} {_connection(server, server.replicator)} -w"
            f" -D - -F tar -X fetch -c fast --manifest-checksums=SHA256 -l {shlex.quote(label)}",
            deadline,
            stdin=f"{self._secrets.secret(server.replicator_password)}\n".encode(),
        )

    def unpack(self, host: Host, chunks: Iterable[bytes], deadline: Deadline) -> str:
        """Unpack a base backup into a new folder of its own on `host` and return the folder. Raises as `Tools` says."""
        made = self._shell.run(host, f"umask 077 && mktemp -d {_SOCKET}XXXXXX", deadline)
        _expect_well(made, host.name, "no folder could be made")
        folder = made.stdout.strip()
        unpack = f"umask 077 && mkdir {folder}/data && tar -x -C {folder}/data -f -"
        put = f"{unpack} || {{ s=$?; rm -rf -- {_folder(folder)}; exit $s; }}"
        output = self._shell.stream_to(host, put, chunks, deadline)
        if output.status:
            raise DidNothing(
                f"the archive could not be unpacked: {_first_words(output)}",
                where=host.name,
                remedy="See whether there is room on that machine, then restore again",
            )
        return folder

    def manifest_wrongs(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> tuple[str, ...]:
        """Compare every byte with the backup's own manifest; return what differs."""
        output = self._shell.run(
            host, f"exec {_program(binaries, 'pg_verifybackup')} {_folder(folder)}/data 2>&1", deadline
        )
        if output.status == 0:
            return ()
        lines = [
            one.removeprefix("pg_verifybackup: error: ")
            for one in output.stdout.splitlines()
            if "error" in one
        ]
        return tuple(lines[:20]) or (f"pg_verifybackup ended with status {output.status}",)

    def start(self, host: Host, folder: str, binaries: str, label: str, deadline: Deadline) -> None:
        """Start the restored server: no network, no archive, no primary to follow, another cluster name."""
        place = _folder(folder)
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={place} -c port=5432 -c archive_mode=off"
            f" -c cluster_name=scratch-{label} -c primary_conninfo='' -c primary_slot_name='' -c ssl=off"
            f" -c synchronous_standby_names='' -c shared_preload_libraries='' -c hba_file={place}/hba"
        )
        output = self._shell.run(
            host,
            f"cd {place} && rm -f data/standby.signal data/recovery.signal data/postmaster.pid"
            " && printf 'local all all trust\\n' > hba"
            f" && exec {_program(binaries, 'pg_ctl')} -D data -w -t {int(deadline.left) or 1} -l log"
            f" -o {shlex.quote(options)} start >&2",
            deadline,
        )
        if output.status:
            log = self._shell.run(host, f"tail -n 5 {place}/log", deadline).stdout.strip()
            raise DidNothing(
                f"the restored server does not start: {log or output.stderr.strip()}"[:600],
                where=host.name,
                remedy="Take this backup for lost; verify the next older one and the other store's copy",
            )

    def looked_at(
        self, host: Host, folder: str, binaries: str, database: str, deadline: Deadline
    ) -> tuple[tuple[Table, ...], tuple[str, ...]]:
        """Return every table of the restored server, and those whose files are too short."""
        psql = (
            f"{_program(binaries, 'psql')} -XAt -F '|' -v ON_ERROR_STOP=1 -h {_folder(folder)} -p 5432 -U postgres"
            f" -d {shlex.quote(database)}"
        )
        found = self._shell.run(host, f"{psql} -c {shlex.quote(FINGERPRINTS)}", deadline)
        _expect_well(found, host.name, "the restored tables could not be read")
        short = self._shell.run(host, f"{psql} -c {shlex.quote(SHORT_FILES)}", deadline)
        _expect_well(short, host.name, "the restored tables' sizes could not be read")
        return _tables(found.stdout), tuple(short.stdout.split())

    def drop(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> None:
        """Stop the restored server and remove its folder. May be called again."""
        place = _folder(folder)
        stop = f"{_program(binaries, 'pg_ctl')} -D {place}/data -m immediate -w stop >/dev/null 2>&1"
        output = self._shell.run(host, f"[ ! -d {place} ] || {{ {stop}; rm -rf -- {place}; }}", deadline)
        _expect_well(output, host.name, "the scratch restore could not be removed")

    def is_gone(self, host: Host, folder: str, deadline: Deadline) -> bool:
        """Tell whether nothing of a scratch restore is left."""
        return self._shell.run(host, f"[ ! -e {_folder(folder)} ]", deadline).status == 0


def _program(binaries: str, name: str) -> str:
    return shlex.quote(f"{binaries.rstrip('/')}/{name}")


def _folder(folder: str) -> str:
    if not folder.startswith(_SOCKET) or not folder.removeprefix(_SOCKET).isalnum():
        raise DidNothing(
            f"{folder!r} is no folder of a scratch restore", where=folder, remedy="Restore again"
        )
    return folder


def _password() -> str:
    return "IFS= read -r PGPASSWORD; export PGPASSWORD; "


def _connection(server: Server, user: str) -> str:
    return f"-h {shlex.quote(server.host.address)} -p {server.port} -U {shlex.quote(user)}"


def _identity(server: Server) -> str:
    """A guard in front of a command: the right data directory, and the server of that directory on that port."""
    if server.sudo_as is not None:
        # Its program compares, and tells the port. What it is told first must not take the password out of our input.
        meant = shlex.quote(header(server, {}, IDENTITY_WITHIN).decode())
        ask = f"printf %s {meant} | {as_owner(server, 'identity')}"
        port = shlex.quote(f"port\t{server.port}")
        return (
            f'i=$({ask}) || {{ echo "wrong: ${{i:-nothing, for sudo did not let us look}}" >&2; exit 87; }}; '
            f'[ "$i" = {port} ] || {{ echo "wrong: $i" >&2; exit 87; }}; '
        )
    control = _program(server.binaries, "pg_controldata")
    folder = shlex.quote(server.data_directory)
    return (
        f"i=$({control} {folder} | sed -n 's/^Database system identifier: *//p'); "
        f'[ "$i" = {shlex.quote(server.system_identifier)} ]'
        ' || { echo "wrong: system identifier $i" >&2; exit 87; }; '
        f"p=$(sed -n 4p {folder}/postmaster.pid); "
        f'[ "$p" = {server.port} ] || {{ echo "wrong: port $p" >&2; exit 87; }}; '
    )


def _refuse_wrong(output: Output, server: Server) -> None:
    if output.status == 87:  # noqa: PLR2004 - the guard's own, above
        found = output.stderr.strip().removeprefix("wrong: ")
        raise WrongTarget(
            f"the server in {server.data_directory} has {found}, expected {server.system_identifier} on {server.port}",
            where=server.name,
            remedy="Look which cluster stands there; correct the inventory if it is the right one",
        )


def _expect_well(output: Output, where: str, problem: str) -> None:
    if output.status:
        raise MayHaveActed(
            f"{problem}: {_first_words(output)}", where=where, remedy="Read the words, then look at the host"
        )


def _first_words(output: Output) -> str:
    said = output.stderr.strip().splitlines()[:1] or [f"status {output.status}"]
    return said[0][:300]


def _tables(stdout: str) -> tuple[Table, ...]:
    rows = (line.rsplit("|", 2) for line in stdout.splitlines() if line)
    return tuple(Table(name=name, rows=int(count), digest=digest) for name, count, digest in rows)
