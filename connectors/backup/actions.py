"""What a runbook can ask for: take a backup, find one, restore it beside all else, look at it, remove it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pydantic import ValidationError

from connectors.backup import needs
from connectors.backup.record import BackupMade, BackupSetArgs, BackupVerified, Scratch, Table, compare
from seawall.actions import Action, Deadline, Effect, ObjectStore, Occasion, Proof
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.model import Frozen
from seawall.targets import Host, Server, Store


class Tools(Protocol):
    """The wire: PostgreSQL's programs on the city's machines, or the same in memory. Raises as a `Shell` does."""

    def fingerprints(self, server: Server, deadline: Deadline) -> tuple[Table, ...] | None:
        """Count and digest every table of a running server; None when it has no way to."""

    def base(self, server: Server, label: str, deadline: Deadline) -> Iterator[bytes]:
        """Yield a base backup as one archive."""

    def unpack(self, host: Host, chunks: Iterable[bytes], deadline: Deadline) -> str:
        """Unpack an archive into a new folder on `host` and return the folder. Raises: DidNothing: it is none."""

    def manifest_wrongs(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> tuple[str, ...]:
        """Return what differs from the backup's own manifest."""

    def start(self, host: Host, folder: str, binaries: str, label: str, deadline: Deadline) -> None:
        """Start what was unpacked. Raises: DidNothing when it does not start."""

    def looked_at(
        self, host: Host, folder: str, binaries: str, database: str, deadline: Deadline
    ) -> tuple[tuple[Table, ...], tuple[str, ...]]:
        """Return every table, and those whose files are too short."""

    def drop(self, host: Host, folder: str, binaries: str, deadline: Deadline) -> None:
        """Stop it and remove its folder. May be called again."""

    def is_gone(self, host: Host, folder: str, deadline: Deadline) -> bool:
        """Tell whether nothing is left."""


class TakeArgs(Frozen):
    """Of which server a backup is taken, under which name, and in which stores it is kept."""

    backup: str
    server: Server
    stores: tuple[Store, ...]


class RestoreArgs(Frozen):
    """Which backup is restored from which store on which host; `binaries` is the folder with PostgreSQL there."""

    found: BackupMade
    store: Store
    host: Host
    binaries: str
    database: str


class ScratchArgs(Frozen):
    """A scratch restore and the host it stands on."""

    scratch: Scratch
    host: Host


class VerifiedArgs(Frozen):
    """What a verification found."""

    verified: BackupVerified


class ScratchGone(Proof):
    """That nothing of a scratch restore is left."""


class Backup:
    """Backups of PostgreSQL servers in S3 stores."""

    def __init__(self, tools: Tools, stores: ObjectStore, now: Callable[[], datetime]) -> None:
        self._tools, self._stores, self._now = tools, stores, now

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be done with backups."""
        return (
            Action(
                "backup.take",
                Effect.CHANGES,
                TakeArgs,
                BackupMade,
                self._take,
                does="Takes a base backup of a running server, with every table's count and digest, into the stores",
                limit=timedelta(minutes=30),
                needs=needs.TAKE,
            ),
            Action(
                "backup.find",
                Effect.READS,
                BackupSetArgs,
                BackupMade,
                self._find,
                does="Finds the newest backup of a set in a store, by its record",
                needs=needs.FIND,
            ),
            Action(
                "backup.restore",
                Effect.CHANGES,
                RestoreArgs,
                Scratch,
                self._restore,
                does="Restores a backup into a scratch server beside everything else, after checking every byte",
                limit=timedelta(minutes=30),
                needs=needs.RESTORE,
            ),
            Action(
                "backup.verify",
                Effect.READS,
                ScratchArgs,
                BackupVerified,
                self._verify,
                does="Compares a scratch restore with what was recorded when the backup was made",
                limit=timedelta(minutes=10),
                needs=needs.SCRATCH,
            ),
            Action(
                "backup.judge",
                Effect.READS,
                VerifiedArgs,
                BackupVerified,
                _judge,
                does="Holds what a verification found against what a runbook expects, after all is cleaned up",
                needs=needs.NOTHING,
            ),
            Action(
                "backup.drop",
                Effect.CHANGES,
                ScratchArgs,
                ScratchGone,
                self._drop,
                does="Stops a scratch restore and removes every file of it",
                proof="backup.is-dropped",
                needs=needs.SCRATCH,
            ),
            Action(
                "backup.is-dropped",
                Effect.READS,
                ScratchArgs,
                ScratchGone,
                self._proved_gone,
                does="Proves that nothing of a scratch restore is left",
                needs=needs.SCRATCH,
            ),
        )

    def close(self) -> None:
        """Let go of nothing: the shell and the stores are others' to close."""

    def _take(self, args: TakeArgs, occasion: Occasion) -> BackupMade:
        began = self._now().astimezone(UTC)
        label = f"{began:%Y%m%dT%H%M%SZ}"
        key = f"{args.backup}/{label}/base.tar"
        deadline = occasion.deadline
        before = self._tools.fingerprints(args.server, deadline) or ()
        digest = _Digest()
        for n, store in enumerate(args.stores):
            source = (
                digest.over(self._tools.base(args.server, label, deadline))
                if n == 0
                else _Digest(digest.hexdigest).over(self._stores.get_stream(args.stores[0], key, deadline))
            )
            self._stores.put_stream(store, key, source, deadline)
        made = BackupMade(
            backup=args.backup,
            label=label,
            key=key,
            stores=tuple(store.name for store in args.stores),
            server=args.server.name,
            system_identifier=args.server.system_identifier,
            began=began,
            ended=self._now().astimezone(UTC),
            size=digest.size,
            sha256=digest.hexdigest,
            before=before,
            after=self._tools.fingerprints(args.server, deadline) or (),
        )
        record = made.model_dump_json().encode()
        for store in args.stores:
            self._stores.put_stream(store, _record_key(key), [record], deadline)
        return made

    def _find(self, args: BackupSetArgs, occasion: Occasion) -> BackupMade:
        keys = self._stores.keys(args.store, f"{args.backup}/", occasion.deadline)
        records = sorted(key for key in keys if key.endswith("/record.json"))
        if not records:
            raise DidNothing(
                f"there is no backup of {args.backup} in it",
                where=args.store.name,
                remedy=f"Take one: `seawall run take-backup backup={args.backup}`",
            )
        content = b"".join(self._stores.get_stream(args.store, records[-1], occasion.deadline))
        try:
            return BackupMade.model_validate_json(content)
        except ValidationError as error:
            remedy = "Take the backup for lost; look who wrote to the store"
            raise DidNothing(
                f"the record {records[-1]} is not one", where=args.store.name, remedy=remedy
            ) from error

    def _restore(self, args: RestoreArgs, occasion: Occasion) -> Scratch:
        deadline, made = occasion.deadline, args.found
        digest = _Digest()
        chunks = digest.over(self._stores.get_stream(args.store, made.key, deadline))
        try:
            folder = self._tools.unpack(args.host, chunks, deadline)
        except Unreachable:
            raise
        except DidNothing:
            self._expect_whole_copy(
                args, deadline
            )  # of a full disk and a flipped bit, only one is the copy's fault
            raise
        try:
            self._expect_bytes(digest, args)
            wrongs = self._tools.manifest_wrongs(args.host, folder, args.binaries, deadline)
            if wrongs:
                raise _lost(f"bytes differ from its manifest: {'; '.join(wrongs)}", args)
            self._tools.start(args.host, folder, args.binaries, made.label.lower(), deadline)
        except DidNothing:
            self._tools.drop(args.host, folder, args.binaries, deadline.at_most(30))
            raise
        return Scratch(
            host=args.host.name,
            folder=folder,
            binaries=args.binaries,
            database=args.database,
            backup=made,
            store=args.store.name,
            bytes_match=True,
            because=f"{digest.size / 1e6:.1f} MB, every byte as it was made",
        )

    def _expect_whole_copy(self, args: RestoreArgs, deadline: Deadline) -> None:
        digest = _Digest()
        for _ in digest.over(self._stores.get_stream(args.store, args.found.key, deadline)):
            pass
        self._expect_bytes(digest, args)

    def _expect_bytes(self, digest: _Digest, args: RestoreArgs) -> None:
        if digest.hexdigest != args.found.sha256:
            raise _lost(
                f"its SHA-256 is {digest.hexdigest[:12]}, recorded was {args.found.sha256[:12]}", args
            )

    def _verify(self, args: ScratchArgs, occasion: Occasion) -> BackupVerified:
        scratch, made = args.scratch, args.scratch.backup
        _expect_same_host(args)
        try:
            found, short = self._tools.looked_at(
                args.host, scratch.folder, scratch.binaries, scratch.database, occasion.deadline
            )
            wrong = compare(made, found)
        except (
            MayHaveActed
        ) as error:  # it cannot be read: that is a verdict, and the restore is to be removed
            found, short, wrong = (), (), (error.problem,)
        steady = {one.name for one in made.before} & {one.name for one in made.after if one in made.before}
        return BackupVerified(
            label=made.label,
            store=scratch.store,
            bytes_match=scratch.bytes_match,
            started=True,
            sizes_match=not short,
            content_matches=None if not made.after else not wrong,
            compared=len(steady),
            moved=len(made.after) - len(steady),
            rows=sum(one.rows for one in found),
            wrong=(*wrong, *(f"the files of {name} are too short" for name in short)),
        )

    def _drop(self, args: ScratchArgs, occasion: Occasion) -> ScratchGone:
        _expect_same_host(args)
        self._tools.drop(args.host, args.scratch.folder, args.scratch.binaries, occasion.deadline)
        return ScratchGone(holds=True, because=f"nothing is left of {args.scratch.folder} on {args.host}")

    def _proved_gone(self, args: ScratchArgs, occasion: Occasion) -> ScratchGone:
        _expect_same_host(args)
        gone = self._tools.is_gone(args.host, args.scratch.folder, occasion.deadline)
        words = "is gone" if gone else "is still there"
        return ScratchGone(holds=gone, because=f"{args.scratch.folder} on {args.host} {words}")


class _Digest:
    """SHA-256 and size of what flows through; refuses at the end what is not as `expected`."""

    def __init__(self, expected: str | None = None) -> None:
        self._hash, self._expected, self.size = hashlib.sha256(), expected, 0

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks on."""
        for chunk in chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk
        if self._expected is not None and self.hexdigest != self._expected:
            raise DidNothing(
                "the first copy reads back otherwise than it was written",
                where="the first store",
                remedy="Take the backup again, and look at that store",
            )

    @property
    def hexdigest(self) -> str:
        """The digest of what has flowed so far."""
        return self._hash.hexdigest()


def _judge(args: VerifiedArgs, _occasion: Occasion) -> BackupVerified:
    return args.verified


def _record_key(key: str) -> str:
    return key.removesuffix("base.tar") + "record.json"


def _lost(problem: str, args: RestoreArgs) -> DidNothing:
    others = [name for name in args.found.stores if name != args.store.name]
    remedy = f"Take this copy for lost; try the one in {others[0]}" if others else "Take this backup for lost"
    return DidNothing(f"backup {args.found.label} {problem}", where=args.store.name, remedy=remedy)


def _expect_same_host(args: ScratchArgs) -> None:
    if args.scratch.host != args.host.name:
        problem = f"the scratch restore stands on {args.scratch.host}, not on {args.host}"
        raise DidNothing(problem, where=args.host.name, remedy="Plan again")
