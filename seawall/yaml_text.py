"""The bytes of a file somebody wrote, as text; or BadInput that says what is wrong with the file as a whole.

Nothing larger than 2 MB is read, nothing that is no regular file is opened, and no byte that an editor would not show
gets through.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from seawall.errors import BadInput, Mistake

MAX_BYTES = 2_000_000

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_TAB_INDENT = re.compile(r"^( *\t[ \t]*)(?=[^\s])", re.MULTILINE)


def read_text(path: Path, shown: str) -> str:
    """Read a file of text.

    Args:
        path: the file.
        shown: its name in mistakes.

    Raises:
        BadInput: missing, no regular file, unreadable, larger than 2 MB, not UTF-8, with invisible characters, or indented
            with tabs.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refused(shown, _kind(status.st_mode), "Name a YAML file")
        if status.st_size > MAX_BYTES:
            raise _too_large(shown, status.st_size)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refused(shown, "there is no such file", "Check the name, and the folder you are in") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = f"cannot be read: {reason.lower()}"
        raise _refused(shown, problem, "Check the name, the file's permissions and its disk") from None
    if len(raw) > MAX_BYTES:
        raise _too_large(shown, len(raw))
    return _decoded(raw.removeprefix(b"\xef\xbb\xbf"), shown)


def _decoded(raw: bytes, shown: str) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        problem = f"byte {error.start} is 0x{raw[error.start]:02x}, which is not UTF-8"
        remedy = "Save the file as UTF-8; if it is no text file at all, remove it"
        raise _refused(f"{shown}:{line}:{column}", problem, remedy) from None
    if found := _INVISIBLE.search(text):
        character = ord(found[0])
        problem = f"holds the invisible character U+{character:04X}"
        problem += "; is this a text file at all?" if character == 0 else ""
        raise _refused(_place(shown, text, found.start()), problem, "Delete the character; a YAML file is text")
    if tabs := list(_TAB_INDENT.finditer(text)):
        raise BadInput(_tab(shown, text, match) for match in tabs[:100])
    return text


def _tab(shown: str, text: str, match: re.Match[str]) -> Mistake:
    end = text.find("\n", match.end())
    line = match[1].replace("\t", "  ") + text[match.end() : end if end >= 0 else None].rstrip()
    where = _place(shown, text, match.start() + match[1].index("\t"))
    return Mistake(where, "this line is indented with a tab", "Use spaces", line)


def _place(shown: str, text: str, index: int) -> str:
    return f"{shown}:{text.count(chr(10), 0, index) + 1}:{index - text.rfind(chr(10), 0, index)}"


def _kind(mode: int) -> str:
    return "is a folder, not a file" if stat.S_ISDIR(mode) else "is not an ordinary file"


def _too_large(shown: str, size: int) -> BadInput:
    megabytes = f"{size / 1_000_000:.1f} MB"
    return _refused(shown, f"has {megabytes}; at most 2 MB are read", "Divide it into several files")


def _refused(where: str, problem: str, remedy: str) -> BadInput:
    return BadInput.one(problem, where=where, remedy=remedy)
