"""The file that a go-bag is: a ZIP archive that can be written in one way only, and that is read no other way.

Every member is stored as it is, one after another, all with the same date and rights and with nothing between them. A
file that differs in one bit from what this module would write for its members is refused, so that no two programs can
see different things in it: nothing is packed (and so nothing bursts), linked, hidden, doubled, or laid outside.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16, for the records; Python's zipimport runs such a file.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from seawall.errors import BadInput
from seawall.files import read_named

LARGEST = 512 * 2**20
"""Bytes a go-bag may have; one that carries its software has about 100 million."""
MOST = 20_000
"""Members it may have; the format itself ends at 65,535."""
LONGEST_NAME = 255
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*")
"""What a member may be called: no `..`, nothing hidden, nothing from the root; names any disk can hold."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_NEEDS, _MADE_BY = 20, (3 << 8) | 20
_DATE = (0 << 9) | (1 << 5) | 1
"""1980-01-01, the first day that the format knows."""
_RIGHTS = 0o100600 << 16
"""An ordinary file, for its owner alone."""
AGAIN = "Get a whole copy from another place it is kept at, or make it again: seawall go-bag"
LIAR = "Do not use it. Take a copy from another place it is kept at, and keep this one to find out who changed it"


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the file that holds `members`, in their order. Raises: BadInput for what it cannot hold."""
    for name in members:
        if not _is_sound(name):
            remedy = "Rename it: letters, digits, `.`, `_`, `+` and `-`, not beginning with a dot"
            raise BadInput.one("a go-bag cannot hold a file of this name", where=name, remedy=remedy)
    if len(members) > MOST or sum(map(len, members.values())) > LARGEST:
        problem = f"a go-bag holds at most {MOST:,} files and {LARGEST // 2**20} MB"
        raise BadInput.one(
            problem, where="go-bag", remedy="Take out of the city's folder what is no part of it"
        )
    return b"".join(_written(members))


def read_archive(path: Path) -> tuple[bytes, Mapping[str, bytes]]:
    """Return the bytes of the file at `path` and its members. Raises: BadInput."""
    content = read_named(
        path,
        str(path),
        at_most=LARGEST,
        name_what="Name a go-bag that `seawall go-bag` wrote",
        when_larger="No go-bag is as large as this; name another file",
    )
    return content, unpack(content, str(path))


def unpack(content: bytes, where: str) -> Mapping[str, bytes]:
    """Return the members of a go-bag's bytes, in their order.

    Raises:
        BadInput: it is no such file, was cut off, has something behind its end, or is not written as `pack` does it.
    """
    members: dict[str, bytes] = {}
    at = 0
    while content[at : at + 4] == b"PK\x03\x04":
        name, member, at = _member(content, at, where)
        if name in members:
            raise _refused(f"holds two files called {name}", where, LIAR)
        members[name] = member
        if len(members) > MOST:
            raise _refused(f"holds more than {MOST:,} files", where, LIAR)
    if not members:
        problem = "is empty" if not content else "is no go-bag: it does not begin as one"
        raise _refused(problem, where, "Name a file that `seawall go-bag` wrote")
    expected = b"".join(_written(members))
    if content == expected:
        return members
    if len(content) < len(expected) and expected.startswith(content):
        raise _refused("was cut off: its end is missing", where, AGAIN)
    if content.startswith(expected):
        raise _refused(f"has {len(content) - len(expected):,} bytes behind its end", where, LIAR)
    raise _refused("its list of contents is not what it contains", where, LIAR)


def first_member(path: Path, name: str, at_most: int) -> bytes:
    """Read the first member alone, of a file that may be large. Nothing else of the file is looked at.

    Raises:
        BadInput: it is not called `name`, has more than `at_most` bytes, or cannot be read.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            head = file.read(_LOCAL.size + LONGEST_NAME + at_most)
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadInput.one(problem, where=where, remedy="Check its name and who may read it") from None
    if head[:4] != b"PK\x03\x04":
        raise _refused(
            "is no go-bag: it does not begin as one", where, "Name a file that `seawall go-bag` wrote"
        )
    found, member, _ = _member(head, 0, where)
    if found != name:
        raise _refused(
            f"is no go-bag: it begins with {found[:60]!r}", where, "Name a file that `seawall go-bag` wrote"
        )
    return member


def _member(content: bytes, at: int, where: str) -> tuple[str, bytes, int]:
    """Read the member that begins at `at`; return its name, its content and where the next one begins."""
    if len(content) < at + _LOCAL.size:
        raise _refused("was cut off in the middle of a file", where, AGAIN)
    _, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack_from(content, at)
    begin = at + _LOCAL.size + name_length
    name = content[at + _LOCAL.size : begin].decode("ascii", errors="backslashreplace")
    if len(content) >= begin and not _is_sound(name):
        outside = name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name
        kind = "would lie outside the go-bag" if outside else "has a name that no go-bag gives"
        raise _refused(f"holds a file that {kind}: {name[:80]!r}", where, LIAR)
    if method or flags or packed != size or extra:
        raise _refused(
            f"{name[:80]!r} is packed, encrypted or has more to it than a name and bytes", where, LIAR
        )
    if len(content) < begin + size:
        raise _refused(f"was cut off in the middle of {name[:80]!r}", where, AGAIN)
    member = content[begin : begin + size]
    if zlib.crc32(member) != crc:
        raise _refused(f"{name!r} is damaged", where, AGAIN)
    return name, member, begin + size


def _written(members: Mapping[str, bytes]) -> Iterator[bytes]:
    directory, offset = [], 0
    for name, member in members.items():
        raw, crc, size = name.encode(), zlib.crc32(member), len(member)
        directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02",
                _MADE_BY,
                _NEEDS,
                0,
                0,
                0,
                _DATE,
                crc,
                size,
                size,
                len(raw),
                0,
                0,
                0,
                0,
                _RIGHTS,
                offset,
            )
            + raw
        )
        yield _LOCAL.pack(b"PK\x03\x04", _NEEDS, 0, 0, 0, _DATE, crc, size, size, len(raw), 0) + raw
        yield member
        offset += _LOCAL.size + len(raw) + size
    listed = b"".join(directory)
    yield listed
    yield _END.pack(b"PK\x05\x06", 0, 0, len(members), len(members), len(listed), offset, 0)


def _is_sound(name: str) -> bool:
    return len(name) <= LONGEST_NAME and NAME.fullmatch(name) is not None


def _refused(problem: str, where: str, remedy: str) -> BadInput:
    return BadInput.one(problem, where=where, remedy=remedy)
