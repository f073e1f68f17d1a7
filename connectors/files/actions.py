"""What a runbook can ask of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from connectors.files.seen import (
    CopyArgs,
    Difference,
    FolderState,
    IsSame,
    IsSwitched,
    LinkArgs,
    RootArgs,
    Switched,
    Synced,
)
from connectors.files.tree import EMPTY, Compared, Tree, Trees
from seawall.actions import Action, Deadline, Effect, Occasion, Ready
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.needs import OnHost

NAMED = 20
"""Names of files that are shown of a difference."""


class Files:
    """Files on every host."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked of files."""
        looks = ("find", "sha256sum")
        copy_needs = (
            OnHost(of="source.host", programs=(*looks, "tar")),
            OnHost(of="target.host", programs=(*looks, "tar", "mktemp", "mv")),
        )
        look_needs = (
            OnHost(of="source.host", programs=looks),
            OnHost(of="target.host", programs=looks),
        )
        ten = timedelta(minutes=10)
        return (
            Action(
                "files.state",
                Effect.READS,
                RootArgs,
                FolderState,
                self._state,
                "Tells how many files a web root has, and a digest of them all",
                limit=ten,
                ready=self._ready_for_root,
                needs=(OnHost(of="root.host", programs=looks),),
            ),
            Action(
                "files.difference",
                Effect.READS,
                CopyArgs,
                Difference,
                self._difference,
                "Lists what would be copied from one web root to another, and copies nothing",
                limit=ten,
                ready=self._ready_for_copy,
                needs=look_needs,
            ),
            Action(
                "files.sync",
                Effect.CHANGES,
                CopyArgs,
                Synced,
                self._sync,
                "Copies what differs from one web root to another; deletes only when asked to",
                limit=ten,
                proof="files.is-same",
                ready=self._ready_for_copy,
                needs=copy_needs,
            ),
            Action(
                "files.is-same",
                Effect.READS,
                CopyArgs,
                IsSame,
                self._is_same,
                "Tells whether a web root is like another, byte by byte",
                limit=ten,
                ready=self._ready_for_copy,
                needs=look_needs,
            ),
            Action(
                "files.switch-link",
                Effect.CHANGES,
                LinkArgs,
                Switched,
                self._switch,
                "Lets a symbolic link lead elsewhere in one instant, if it still leads where expected",
                proof="files.is-switched",
                ready=self._ready_for_link,
                needs=(OnHost(of="host", programs=("ln", "mv", "readlink")),),
            ),
            Action(
                "files.is-switched",
                Effect.READS,
                LinkArgs,
                IsSwitched,
                self._is_switched,
                "Tells whether a symbolic link leads there",
                ready=self._ready_for_link,
                needs=(OnHost(of="host", programs=("readlink",)),),
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: the shell is lent."""

    def _ready_for_root(self, args: RootArgs) -> Iterable[Ready]:
        return (Ready(self._trees.warm, args.root.host),)

    def _ready_for_copy(self, args: CopyArgs) -> Iterable[Ready]:
        return (Ready(self._trees.warm, args.source.host), Ready(self._trees.warm, args.target.host))

    def _ready_for_link(self, args: LinkArgs) -> Iterable[Ready]:
        return (Ready(self._trees.warm, args.host),)

    def _state(self, args: RootArgs, occasion: Occasion) -> FolderState:
        tree = self._trees.look(args.root.host, args.root.path, occasion.deadline)
        if tree is None:
            return FolderState(exists=False)
        return FolderState(exists=True, files=tree.files, bytes=tree.size, digest=tree.digest)

    def _difference(self, args: CopyArgs, occasion: Occasion) -> Difference:
        source, target = self._both(args, occasion.deadline)
        compared = Compared(source, target)
        marks = (("+", compared.missing), ("!", compared.changed), ("-", compared.extra))
        return Difference(
            same=compared.same(delete=args.delete),
            missing=len(compared.missing),
            changed=len(compared.changed),
            extra=len(compared.extra),
            bytes=sum(source.entries[name].size for name in compared.to_copy),
            names=tuple(f"{mark} {_shown(name)}" for mark, names in marks for name in names)[:NAMED],
        )

    def _sync(self, args: CopyArgs, occasion: Occasion) -> Synced:
        deadline = occasion.deadline
        source, target = self._both(args, deadline)
        compared = Compared(source, target)
        clashes = [
            name
            for name in compared.changed
            if "folder" in (source.entries[name].kind, target.entries[name].kind)
            and source.entries[name].kind != target.entries[name].kind
        ]
        if clashes:
            problem = f"{_shown(clashes[0])} is a folder at one of them, and none at the other"
            raise DidNothing(problem, where=str(args.target), remedy="Move it away by hand, then sync again")
        if compared.to_copy and args.by == "rsync":
            self._trees.fetch(args.source, args.target, compared.to_copy, args.key, deadline)
        elif compared.to_copy:
            self._trees.carry(args.source, args.target, compared.to_copy, deadline)
        extra = compared.extra if args.delete else ()
        if extra:
            self._trees.remove(args.target, extra, deadline)
        after = self._trees.look(args.target.host, args.target.path, deadline) or EMPTY
        left = Compared(source, after)
        if not left.same(delete=args.delete):
            first = _shown((*left.to_copy, *left.extra)[0])
            problem = f"after the copy {len(left.to_copy)} files differ still, the first is {first}"
            raise MayHaveActed(
                problem, where=str(args.target), remedy="See who else writes there, then sync again"
            )
        return Synced(copied=len(compared.to_copy), deleted=len(extra), digest=after.digest)

    def _is_same(self, args: CopyArgs, occasion: Occasion) -> IsSame:
        source, target = self._both(args, occasion.deadline)
        compared = Compared(source, target)
        if compared.same(delete=args.delete):
            because = f"{args.target} is like {args.source}: {source.files} files"
            return IsSame(holds=True, because=because, synced=Synced(digest=target.digest))
        count = len(compared.to_copy) + (len(compared.extra) if args.delete else 0)
        return IsSame(holds=False, because=f"{count} files of {args.target} differ from {args.source}")

    def _both(self, args: CopyArgs, deadline: Deadline) -> tuple[Tree, Tree]:
        source = self._trees.look(args.source.host, args.source.path, deadline)
        if source is None:
            problem = f"there is no folder {args.source.path} on {args.source.host}"
            raise WrongTarget(problem, where=str(args.source), remedy="Check the path in the inventory")
        return source, self._trees.look(args.target.host, args.target.path, deadline) or EMPTY

    def _switch(self, args: LinkArgs, occasion: Occasion) -> Switched:
        was = self._trees.link(args.host, args.link, occasion.deadline)
        if args.away_from is not None and was not in {args.away_from, args.to}:
            problem = f"it leads to {was or 'nowhere'} and not to {args.away_from}"
            raise WrongTarget(problem, where=_place(args), remedy="See who changed it, then plan again")
        self._trees.switch(args.host, args.link, args.to, occasion.deadline)
        after = self._trees.link(args.host, args.link, occasion.deadline)
        if after != args.to:
            problem = f"after the change it leads to {after or 'nowhere'}"
            raise MayHaveActed(problem, where=_place(args), remedy="See who else changes it")
        return Switched(link=args.link, to=args.to, was=was)

    def _is_switched(self, args: LinkArgs, occasion: Occasion) -> IsSwitched:
        leads = self._trees.link(args.host, args.link, occasion.deadline)
        because = f"{args.link} leads to {leads or 'nowhere'}"
        switched = Switched(link=args.link, to=args.to) if leads == args.to else None
        return IsSwitched(holds=switched is not None, because=because, switched=switched)


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode() if name.isprintable() else repr(name)


def _place(args: LinkArgs) -> str:
    return f"{args.host}:{args.link}"
