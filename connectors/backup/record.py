"""What is written down of a backup when it is made, and what a restore is compared with.

Checksums cannot see a table that was emptied before the backup; a server starts happily with a segment missing. So
counts and digests of every table are recorded when the backup is made, and both halves are checked.
"""

from __future__ import annotations

from pydantic import AwareDatetime

from seawall.actions import Seen
from seawall.model import Bytes, Frozen
from seawall.targets import Store


class Table(Frozen):
    """One table's content: how many rows, and a digest that does not depend on their order."""

    name: str
    rows: int
    digest: str


class BackupMade(Seen):
    """A backup as its record says it is. Every store in `stores` holds `key` and the record beside it.

    Attributes:
        before: every table when the backup was begun; `after`, when it had ended. A table that is the same in both
            must come back the same; one that moved must come back with as many rows as between the two.
        sha256: of the tar archive under `key`.
    """

    backup: str
    label: str
    key: str
    stores: tuple[str, ...]
    server: str
    system_identifier: str
    began: AwareDatetime
    ended: AwareDatetime
    size: Bytes
    sha256: str
    before: tuple[Table, ...]
    after: tuple[Table, ...]

    def __str__(self) -> str:
        kept = ", ".join(self.stores)
        return f"{self.label} of {self.server}: {self.size / 1e6:.1f} MB, {len(self.after)} tables, in {kept}"


class Scratch(Seen):
    """A backup restored beside everything else, on a socket of its own, reachable by nobody but its owner."""

    host: str
    folder: str
    binaries: str
    database: str
    backup: BackupMade
    store: str
    bytes_match: bool
    because: str

    def __str__(self) -> str:
        return f"{self.backup.label} from {self.store} runs in {self.folder} on {self.host}; {self.because}"


class BackupVerified(Seen):
    """What a restored backup was found to be.

    Attributes:
        bytes_match: every byte is as it was when the backup was made.
        started: the server came up from it by itself.
        sizes_match: no table's files are shorter than the database believes.
        content_matches: counts and digests are those recorded; None when none were recorded.
        compared: tables compared exactly; `moved`: tables that were being written to, compared by count.
    """

    label: str
    store: str
    bytes_match: bool
    started: bool
    sizes_match: bool
    content_matches: bool | None
    compared: int
    moved: int
    rows: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        if self.wrong:
            return f"{self.label} from {self.store} is not whole: {'; '.join(self.wrong)}"
        return (
            f"{self.label} from {self.store} is whole: {self.compared + self.moved} tables, {self.rows} rows"
        )


def compare(made: BackupMade, found: tuple[Table, ...]) -> tuple[str, ...]:
    """Say in words what a restore lacks or has otherwise than was recorded; nothing when it is whole."""
    before = {one.name: one for one in made.before}
    after = {one.name: one for one in made.after}
    restored = {one.name: one for one in found}
    wrong: list[str] = []
    for name, last in after.items():
        first, now = before.get(name), restored.get(name)
        if now is None:
            wrong.append(f"table {name} is missing")
        elif first == last and now != last:
            wrong.append(_otherwise(now, last))
        elif first is not None and not min(first.rows, last.rows) <= now.rows <= max(first.rows, last.rows):
            wrong.append(f"table {name} has {now.rows} rows, recorded were {first.rows} to {last.rows}")
    return tuple(wrong)


def _otherwise(now: Table, recorded: Table) -> str:
    if now.rows == recorded.rows:
        return f"table {now.name} has other content than was recorded"
    return f"table {now.name} has {now.rows} rows, recorded were {recorded.rows}"


class BackupSetArgs(Frozen):
    """Which backup set, as the inventory names it, and the store to look in."""

    backup: str
    store: Store
