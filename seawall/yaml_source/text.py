"""The bytes of a file somebody wrote, as text; or BadInput that says what is wrong with the file as a whole.

Nothing larger than 2 MB is read, nothing that is no regular file is opened, and no byte that an editor would not show
gets through.
"""

from __future__ import annotations

import re
from pathlib import Path

from seawall.errors import BadInput, Mistake
from seawall.files import read_named
from seawall.yaml_source.showing import showable

MAX_BYTES = 2_000_000

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_TAB_INDENT = re.compile(r"^( *\t[ \t]*)(?=\S)", re.MULTILINE)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_text(path: Path, shown: str) -> str:
    """Read a file of text.

    Args:
        path: the file.
        shown: its name in mistakes.

    Raises:
        BadInput: missing, no regular file, unreadable, larger than 2 MB, not UTF-8, with invisible characters, or
            indented with tabs.
    """
    raw = read_named(
        path,
        shown,
        at_most=MAX_BYTES,
        name_what="Name a YAML file",
        when_larger="Divide it into several files",
    )
    return decoded(raw.removeprefix(_BYTE_ORDER_MARK), shown)


def decoded(raw: bytes, shown: str) -> str:
    """Return the text that `raw` holds. Raises: BadInput, as `read_text` does."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(raw, error.start, shown) from None
    if found := _INVISIBLE.search(text):
        code = ord(found[0])
        problem = (
            f"holds the invisible character U+{code:04X}"
            if code
            else "holds a zero byte, so it is no text file"
        )
        remedy = "Delete the character" if code else "Name a YAML file, or remove this one"
        raise BadInput.one(problem, where=_place(shown, text, found.start()), remedy=remedy)
    if tabs := list(_TAB_INDENT.finditer(text)):
        raise BadInput(_tab(shown, text, match) for match in tabs)
    return text


def _not_utf8(raw: bytes, index: int, shown: str) -> BadInput:
    begin = raw.rfind(b"\n", 0, index) + 1
    where = f"{shown}:{raw.count(10, 0, index) + 1}:{len(raw[begin:index].decode()) + 1}"
    problem = f"byte {index} of the file is 0x{raw[index]:02x}, which is not UTF-8"
    return BadInput.one(
        problem, where=where, remedy="Save the file as UTF-8; if it is no text file, remove it"
    )


def _tab(shown: str, text: str, match: re.Match[str]) -> Mistake:
    end = text.find("\n", match.end())
    line = match[1].replace("\t", "  ") + text[match.end() : end if end >= 0 else None].rstrip()
    where = _place(shown, text, match.start() + match[1].index("\t"))
    return Mistake(where, "this line is indented with a tab", "Use spaces", showable(line))


def _place(shown: str, text: str, index: int) -> str:
    return f"{shown}:{text.count(chr(10), 0, index) + 1}:{index - text.rfind(chr(10), 0, index)}"
