"""The bytes of a file that some other program wrote, as text: which encoding it is in is recognised, and said.

Nothing larger than 20 MB is read, nothing that is no regular file is opened, and what is no text is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from seawall.errors import BadInput
from seawall.files import read_named

MAX_BYTES = 20_000_000

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f]")
_INVISIBLE = re.compile("[\x0b\x0c\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_HALF_ZERO = 0.3
"""Of the bytes of a text in UTF-16 without its mark about half are zero; of other text none is."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read.

    Attributes:
        shown: its name in mistakes and notes.
        encoding: what it was read as, e.g. `Windows-1252`.
    """

    path: Path
    shown: str
    text: str
    encoding: str


def read_text_file(path: Path, *, shown: str | None = None, at_most: int = MAX_BYTES) -> TextFile:
    """Read a file of text in whatever encoding it is; characters that no editor would show are read as spaces.

    Raises:
        BadInput: missing, no regular file, unreadable, too large, empty, or no text.
    """
    shown = str(path) if shown is None else shown
    raw = read_named(
        path,
        shown,
        at_most=at_most,
        name_what="Name a file",
        when_larger="Keep what names services or hosts, and leave out the rest",
    )
    text, encoding = _decoded(raw, shown)
    text = _INVISIBLE.sub(" ", text)
    if not text.strip():
        raise BadInput.one("is empty", where=shown, remedy="Name the file that was meant")
    if found := _NO_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise BadInput.one(
            f"is no text file: it holds the character U+{ord(found[0]):04X}",
            where=f"{shown}:{line}",
            remedy="Save it as text first, e.g. a spreadsheet as CSV",
        )
    return TextFile(path, shown, text, encoding)


def _decoded(raw: bytes, shown: str) -> tuple[str, str]:
    for mark, codec, called in _BOMS:
        if raw.startswith(mark):
            try:
                return raw.decode(codec), called
            except UnicodeDecodeError as error:
                problem = f"begins as {called}, and byte {error.start} of it is not"
                raise BadInput.one(problem, where=shown, remedy="Save it again as UTF-8") from None
    for codec, zeros in (("utf-16-le", raw[1::2]), ("utf-16-be", raw[0::2])):
        if zeros and zeros.count(0) > _HALF_ZERO * len(zeros) and len(raw) % 2 == 0:
            try:
                return raw.decode(codec), "UTF-16"
            except UnicodeDecodeError:
                continue
    for codec, called in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return raw.decode(codec), called
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "Latin-1"
