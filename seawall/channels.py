"""When each way of reaching people was last tried, by whom, and what came of it. Names only: never an address.

Kept beside the runs in `channels.json`, the last try of each channel. That a relay or Slack took a message does not say
that anybody read it, and nothing here says so.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, ValidationError

from seawall.errors import JournalError
from seawall.files import make_folder, on_disk, write_whole
from seawall.locks import Lock
from seawall.model import Frozen, Name
from seawall.people import Channel

FILE = "channels.json"
NOT_AGAIN_WITHIN = timedelta(minutes=10)
"""How long an address is left alone after a test that was taken: a finger on Enter is no reason to write twice."""

Reached = Literal["accepted", "refused", "unreachable", "in doubt"]
"""What came of it. `accepted`: the relay or Slack took it. `in doubt`: it was sent, and no answer was seen."""


class Tried(Frozen):
    """One try of one channel.

    Attributes:
        whom: a person, or an audience whose own channel it is, by name.
        by: who tried it.
    """

    whom: Name
    kind: Literal["person", "audience"] = "person"
    channel: Channel
    at: AwareDatetime
    by: str
    outcome: Reached

    @property
    def key(self) -> tuple[str, str, str]:
        """Of which only the last is kept."""
        return self.kind, self.whom, self.channel


class Channels(Frozen):
    """The last try of each channel."""

    format: Literal[1] = 1
    tried: tuple[Tried, ...] = ()

    def last(self, whom: str, channel: str, kind: str = "person") -> Tried | None:
        """Return the last try of one channel; None when it was never tried."""
        return next((one for one in self.tried if one.key == (kind, whom, channel)), None)


def read_channels(runs: Path) -> Channels:
    """Return what is kept beside the runs; nothing when nothing was ever tried.

    Raises:
        JournalError: the file cannot be read, or is none of ours.
    """
    path = runs / FILE
    try:
        with on_disk(path):
            content = path.read_bytes() if path.exists() else None
        return Channels() if content is None else Channels.model_validate_json(content)
    except ValidationError:
        remedy = "Move it away; what was tried before is then unknown, and the next tests begin it anew"
        raise JournalError(
            "it does not hold what Seawall writes there", where=str(path), remedy=remedy
        ) from None


def keep(runs: Path, tried: Tried) -> None:
    """Keep one try in place of the one before it, on the disk when this returns.

    Raises:
        Busy: another test has held the file for too long.
        JournalError: the disk will not have it, or the file is none of ours.
    """
    make_folder(runs)
    remedy = "Wait until the other test is over"
    lock = Lock.take(
        runs / f".{FILE}.lock",
        tried.by,
        what="the record of tests",
        remedy=remedy,
        within=timedelta(seconds=5),
    )
    with lock:
        others = (one for one in read_channels(runs).tried if one.key != tried.key)
        kept = Channels(tried=tuple(sorted((*others, tried), key=lambda one: one.key)))
        write_whole(runs / FILE, kept.model_dump_json(indent=2).encode() + b"\n")
