"""Where people's words to a run arrive, from whichever screen: one file a word, never seen half written, none lost.

A word stays in the inbox until the driver comes back for the next ones, and so until it is in the journal: a power cut
between the two delivers it again, and the driver knows what it has heard.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence

from pydantic import ValidationError

from seawall.errors import BadInput
from seawall.files import FOLDER_MODE, on_disk, write_whole
from seawall.journal import WORD, Overridden, Retried, Skipped, Word
from seawall.journal_file import has_ended
from seawall.run_folder import RunFolder

LONGEST = 64 * 1024
"""A word is a few hundred bytes; nothing larger is read."""


def put(run: RunFolder, word: Word) -> None:
    """Say `word` to the run: laid in its inbox, on the disk when this returns.

    Raises:
        BadInput: the run has ended, and this word does not let it go on; nobody would hear it.
        JournalError: the run's journal cannot be read, or the disk will not have the word.
    """
    if has_ended(run.journal_path) and not isinstance(word, Skipped | Retried | Overridden):
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=f"See `seawall show {run.id}`")
    with on_disk(run.inbox_path):
        run.inbox_path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    write_whole(run.inbox_path / name, WORD.dump_json(word))


class FileInbox:
    """A run's inbox, as its driver sees it."""

    def __init__(self, run: RunFolder) -> None:
        self._path, self._name = run.inbox_path, str(run.inbox_path)
        self._given: dict[str, Word] = {}

    def take(self) -> Sequence[Word]:
        """Return what has arrived since the last time, oldest first. What was returned then is put away now.

        What is no word goes to `refused/`, with a note that says why. Raises: JournalError when the disk fails.
        """
        with on_disk(self._path):
            for name in self._given:
                self._move(name, "taken")
            self._given = {}
            try:
                names = os.listdir(self._name)  # noqa: PTH208 - many times a second, and most often there is none
            except FileNotFoundError:
                return ()
            words = sorted(name for name in names if name.endswith(".json") and name[0] != ".")
            return [word for name in words if (word := self._word(name)) is not None]

    def _word(self, name: str) -> Word | None:
        path = self._path / name
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LONGEST:
                self._refuse(name, f"it is no file of at most {LONGEST} bytes")
                return None
            word = WORD.validate_json(path.read_bytes())
        except ValidationError as error:
            self._refuse(name, str(error))
            return None
        self._given[name] = word
        return word

    def refuse(self, word: Word, why: str) -> None:
        """Put a word aside that was returned just now and does not count. Raises: JournalError when the disk fails."""
        with on_disk(self._path):
            for name in [name for name, one in self._given.items() if one == word]:
                del self._given[name]
                self._refuse(name, why)

    def _refuse(self, name: str, why: str) -> None:
        self._move(name, "refused")
        write_whole(self._path / "refused" / f"{name}.why.txt", why.encode(errors="backslashreplace"))

    def _move(self, name: str, folder: str) -> None:
        (self._path / folder).mkdir(mode=FOLDER_MODE, exist_ok=True)
        (self._path / name).rename(self._path / folder / name)
