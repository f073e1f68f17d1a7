"""What is asked of files, and what is seen of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from seawall.actions import Proof, Seen
from seawall.model import Frozen
from seawall.own_actions import is_plain_path
from seawall.targets import Host, WebRoot


def _path(path: str) -> str:
    if not is_plain_path(path) or path == "/":
        message = f"{path!r} is no whole path in one spelling, such as /srv/www/current"
        raise ValueError(message)
    return path


PlainPath = Annotated[str, AfterValidator(_path)]


class RootArgs(Frozen):
    """Which web root is looked at."""

    root: WebRoot


class CopyArgs(Frozen):
    """Which web root is the copy of which.

    Attributes:
        source: what is copied.
        target: what is to be like it.
        delete: what the source has not is deleted at the target. Without this it stays, and counts as no difference.
        by: `here` carries what differs from one machine to the other through here. `rsync` lets the target's machine
            fetch it, over a login of its own at the source's: for what is too large to go through here.
        key: with `rsync`, the private key on the target's machine for that login; its account's own when not said.
    """

    source: WebRoot
    target: WebRoot
    delete: bool = False
    by: Literal["here", "rsync"] = "here"
    key: PlainPath | None = None

    @model_validator(mode="after")
    def _two_places(self) -> Self:
        if (self.source.host.name, self.source.path) == (self.target.host.name, self.target.path):
            message = f"{self.source} is both source and target"
            raise ValueError(message)
        if self.key is not None and (self.by != "rsync" or "'" in self.key):
            message = "`key` goes with `by: rsync`, and has no quote in it"
            raise ValueError(message)
        return self


class LinkArgs(Frozen):
    """Which symbolic link leads where from now on.

    Attributes:
        to: an existing folder or file. To undo, switch back with `to` and `away_from` exchanged.
        away_from: where it must lead before; anywhere else stops the change. None: wherever it leads.
    """

    host: Host
    link: PlainPath
    to: PlainPath
    away_from: PlainPath | None = None


class FolderState(Seen):
    """A web root as it is. `digest` is of every file's name, mode and content; the same digest means the same files."""

    exists: bool
    files: int = 0
    bytes: int = 0
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.files} files, {self.bytes} bytes" if self.exists else "there is no such folder"


class Difference(Seen):
    """What would be copied, and what is at the target only.

    Attributes:
        same: nothing would be done.
        missing: files that the target has not.
        changed: files that it has otherwise.
        extra: what it has and the source has not; deleted when that is asked for.
        bytes: that would be copied.
        names: of the first of them, with + for missing, ! for changed and - for extra.
    """

    same: bool
    missing: int
    changed: int
    extra: int
    bytes: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        if self.same:
            return "no difference" + (f", and {self.extra} at the target only" if self.extra else "")
        return f"{self.missing} missing, {self.changed} changed, {self.extra} at the target only"


class Synced(Seen):
    """That a web root is like another. `digest` as `files.state` shows it of the target."""

    copied: int | None = None
    deleted: int | None = None
    digest: str

    def __str__(self) -> str:
        if self.copied is None:
            return f"like its source, digest {self.digest[:12]}"
        return f"{self.copied} copied, {self.deleted} deleted, digest {self.digest[:12]}"


class IsSame(Proof):
    """Whether a web root is like another."""

    synced: Synced | None = None

    def stand_in(self) -> Synced | None:
        """Return what the step that copied would have seen."""
        return self.synced


class Switched(Seen):
    """That a link leads where it should. `was` is where it led before, if that was seen."""

    link: str
    to: str
    was: str | None = None

    def __str__(self) -> str:
        return f"{self.link} leads to {self.to}" + (f", before to {self.was}" if self.was else "")


class IsSwitched(Proof):
    """Whether a link leads there."""

    switched: Switched | None = None

    def stand_in(self) -> Switched | None:
        """Return what the step that switched would have seen."""
        return self.switched
