"""Everything here that reads what somebody else may have written, one function of bytes each: what fuzzers get at.

A reader returns, or refuses with an error of ours that says where and what to do; anything else it raises is a bug.
`SEEDS` are good inputs, from which bad ones are bent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import drills
from seawall.errors import BadInput, Mistake, SeawallError
from seawall.go_bag.archive import pack, unpack
from seawall.go_bag.manifest import read_manifest
from seawall.journal import (
    FIRST,
    Ended,
    Opened,
    Outcome,
    Overridden,
    Started,
    events_of,
    line_for,
    read_lines,
)
from seawall.lease import Word as LeaseWord
from seawall.loading import load_runbooks
from seawall.model import Text
from seawall.signed import Signed
from seawall.signers import parse_signers
from seawall.sshsig import read_key, read_signature, sign
from seawall.statements import OverrideStatement, YesStatement, read_statement
from seawall.yaml_source import read_yaml
from tests.seawall.keys import ed25519_key

HERE = Path(drills.__file__).parent
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def yaml_file(content: bytes) -> None:
    """A file of the city's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hosts.yaml"
        path.write_bytes(content)
        read_yaml(path)


def runbook_file(content: bytes) -> None:
    """A runbook."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runbooks" / "book.yaml"
        path.parent.mkdir()
        path.write_bytes(content)
        load_runbooks([path.parent])


def journal(content: bytes) -> None:
    """A run's journal. What it reads stands in a chain, and was written by Seawall."""
    lines, whole = read_lines(content, "journal")
    assert whole <= len(content)
    assert b"".join(line.model_dump_json().encode() + b"\n" for line in lines) == content[:whole]
    tuple(events_of(lines, "journal"))


def signature(content: bytes) -> None:
    """An armored signature, whose key is a key."""
    read_key(read_signature(content.decode("utf-8", "replace")).key)


def allowed_signers(content: bytes) -> None:
    """A trust root's file: whoever is in it has a key."""
    for one in parse_signers(content.decode("utf-8", "replace"), "allowed_signers"):
        read_key(one.key)


def statement(content: bytes) -> None:
    """What somebody signed: read only when it is written the one way."""
    words = Signed(statement=content.decode("utf-8", "replace"), signature="")
    for kind in (YesStatement, OverrideStatement):
        read_statement(kind, words)


def go_bag(content: bytes) -> None:
    """A go-bag: what it reads is what its members would be written as."""
    assert pack(unpack(content, "go-bag")) == content


def manifest(content: bytes) -> None:
    """What a go-bag says of itself."""
    read_manifest(content, "go-bag")


def lease_word(content: bytes) -> None:
    """What stands in a slot of a lease: a word, or what closes; never an error."""
    word = LeaseWord.read(content)
    assert word.says in ("held", "revoked", "granted")
    assert word.term >= 0
    assert word.drift >= 0


READERS: Mapping[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        yaml_file,
        runbook_file,
        journal,
        signature,
        allowed_signers,
        statement,
        go_bag,
        manifest,
        lease_word,
    )
}


def refuses_or_reads(name: str, content: bytes) -> None:
    """Let a reader at some bytes. An error of ours has three parts; any other leaves."""
    told: list[Mistake | SeawallError] = []
    try:
        READERS[name](content)
    except BadInput as error:
        told = list(error.mistakes)
        assert told, "a refusal says what is wrong"
    except SeawallError as error:
        told = [error]
    assert all(one.problem and one.where and one.remedy for one in told)


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """Return good inputs for a reader."""
    return SEEDS[name]()


def _journal() -> tuple[bytes, ...]:
    opened = Opened(
        at=AT,
        run="run-1",
        plan="0" * 64,
        runbook="move",
        title=Text(en="Move"),
        exercise=True,
        by="anna",
        version="0",
    )
    events = [
        opened,
        Started(at=AT, step="fence", attempt=1, until=AT),
        Overridden(at=AT, step="fence", by="anna", lost_writes=3, lost_seconds=1.5, why="it burns"),
        Ended(at=AT, outcome=Outcome.FAILED),
    ]
    content, before = b"", FIRST
    for number, event in enumerate(events, start=1):
        line = line_for(event, n=number, prev=before)
        content, before = content + line.model_dump_json().encode() + b"\n", line.hash
    return (content, content[:-20])


def _signed() -> tuple[bytes, ...]:
    return (sign(b"content", "seawall-approval", ed25519_key()).encode(),)


SEEDS: Mapping[str, Callable[[], tuple[bytes, ...]]] = {
    "yaml_file": lambda: ((HERE / "city" / "inventory" / "hosts.yaml").read_bytes(),),
    "runbook_file": lambda: ((HERE.parent / "runbooks" / "dns-switch.yaml").read_bytes(),),
    "journal": _journal,
    "signature": _signed,
    "allowed_signers": lambda: (
        f'anna namespaces="seawall-*",valid-after="20260101" {ed25519_key().line}\n# a remark\n'.encode(),
    ),
    "statement": lambda: (b'{"at":"2026-11-22T03:00:00Z","by":"anna","city":"havnby","kind":"override"}',),
    "go_bag": lambda: (pack({"manifest.json": b"{}", "city/hosts.yaml": b"hosts: {}\n"}),),
    "manifest": lambda: (b'{"format":1,"city":"havnby"}',),
    "lease_word": lambda: (LeaseWord("held", "guard-1", 5.0, 1.0).content(),),
}
