"""PostgreSQL servers held in dicts, as far as backups see them: tables, an archive, and scratch restores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.backup.record import Table
from connectors.limit import in_time
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import Host, Server

_CHUNK = 64


@dataclass(slots=True)
class ToolsInMemory:
    """Every server there is, by name, with its tables.

    Attributes:
        tables: rows and digest of each table, by server and table; absent servers are refused.
        damaged: keep the tables, but count a file short in every restore of a backup that was taken meanwhile.
        scratch: what stands restored, by folder.
    """

    tables: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    scratch: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)

    def fingerprints(self, server: Server, deadline: Deadline) -> tuple[Table, ...] | None:
        """Count every table."""
        in_time(deadline, server.name)
        return _listed(self._server(server))

    def base(self, server: Server, label: str, deadline: Deadline) -> Iterator[bytes]:
        """Yield the tables as one archive."""
        in_time(deadline, server.name)
        archive = json.dumps({"label": label, "tables": self._server(server)}).encode()
        return (archive[at : at + _CHUNK] for at in range(0, len(archive), _CHUNK))

    def unpack(self, host: Host, chunks: Iterable[bytes], deadline: Deadline) -> str:
        """Read the archive."""
        in_time(deadline, host.name)
        folder = f"/tmp/seawall-{host.name.replace('-', '')}{len(self.scratch)}"  # noqa: S108 - a name, no folder
        try:
            tables = json.loads(b"".join(chunks))["tables"]
        except ValueError as error:
            problem = "the archive could not be unpacked: it is none"
            raise DidNothing(problem, where=host.name, remedy="Restore again") from error
        self.scratch[folder] = {name: (rows, digest) for name, (rows, digest) in tables.items()}
        return folder

    def manifest_wrongs(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> tuple[str, ...]:
        """An archive that could be read is as its manifest says."""
        del binaries
        in_time(deadline, host.name)
        return () if self.scratch[folder] else ("nothing could be unpacked",)

    def start(self, host: Host, folder: str, binaries: str, label: str, deadline: Deadline) -> None:
        """Start what was unpacked."""
        del folder, binaries, label
        in_time(deadline, host.name)

    def looked_at(
        self, host: Host, folder: str, binaries: str, database: str, deadline: Deadline
    ) -> tuple[tuple[Table, ...], tuple[str, ...]]:
        """Return the restored tables, and those of them that are damaged."""
        del binaries, database
        in_time(deadline, host.name)
        tables = self.scratch[folder]
        return _listed(tables), tuple(sorted(self.damaged & set(tables)))

    def drop(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> None:
        """Forget the restore."""
        del binaries
        in_time(deadline, host.name)
        self.scratch.pop(folder, None)

    def is_gone(self, host: Host, folder: str, deadline: Deadline) -> bool:
        """Tell whether it is forgotten."""
        in_time(deadline, host.name)
        return folder not in self.scratch

    def _server(self, server: Server) -> dict[str, tuple[int, str]]:
        if server.name not in self.tables:
            raise DidNothing("no server runs there", where=server.name, remedy="Start it")
        return self.tables[server.name]


def _listed(tables: dict[str, tuple[int, str]]) -> tuple[Table, ...]:
    return tuple(
        Table(name=name, rows=rows, digest=digest) for name, (rows, digest) in sorted(tables.items())
    )
