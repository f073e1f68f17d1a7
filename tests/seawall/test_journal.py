"""The chain: events read back, any changed byte shows, a torn end is a crash, and an erased line still verifies."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import JournalError, Tampered
from seawall.journal import (
    EVENT,
    FIRST,
    WORD,
    AbortAsked,
    Acknowledged,
    Answered,
    Approved,
    Asked,
    ByHand,
    Ended,
    Escalated,
    Event,
    Failed,
    Lapsed,
    Line,
    Notified,
    NotNeeded,
    NotReplicated,
    Opened,
    Outcome,
    Overridden,
    Recovered,
    Resumed,
    Retried,
    Settled,
    SignedFromHere,
    Skipped,
    Started,
    Succeeded,
    Unanswered,
    WentAlone,
    events_of,
    line_for,
    read_lines,
)
from seawall.model import Text
from seawall.predicates import Checked
from seawall.signed import Heard, Signed
from seawall.steady import Uptime
from tests.examples import examples
from tests.fakes import MIDNIGHT

words = st.text(max_size=12)
times = st.datetimes(timezones=st.just(UTC))
seen = st.dictionaries(
    words,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)
kinds = (
    Opened,
    Resumed,
    Recovered,
    NotReplicated,
    WentAlone,
    Asked,
    Acknowledged,
    Escalated,
    Notified,
    Unanswered,
    ByHand,
    Approved,
    Answered,
    Started,
    Succeeded,
    NotNeeded,
    Failed,
    Settled,
    AbortAsked,
    Skipped,
    Retried,
    Overridden,
    Lapsed,
    SignedFromHere,
    Ended,
)


checked = st.builds(Checked, fact=words, holds=st.none() | st.booleans(), saw=words)
signed = st.none() | st.builds(Signed, statement=words, signature=words)
heard = st.builds(
    Heard, sheet=st.just("k3pf"), number=st.integers(1, 20), proof=st.just("0a" * 32), by=st.just("bo")
)
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("at", "until", "looked_at", "when"), times),
    "seen": st.none() | seen,
    "attempt": st.integers(1, 9),
    "checked": st.lists(checked, max_size=2).map(tuple),
    "title": st.builds(Text, en=words, da=st.none() | words),
    "expires": st.none() | times,
    "request": signed,
    "signed": signed,
    "uptime": st.none() | st.builds(Uptime, boot=words, seconds=st.floats(0, 1e9)),
    "signatures": st.lists(st.builds(Signed, statement=words, signature=words), max_size=2).map(tuple),
    "heard": st.none() | heard,
    "lost_writes": st.integers(0, 10**9),
    "lost_seconds": st.floats(0, 1e9),
    "why": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
}


def values(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    """What a field of an event may hold."""
    if name in BY_NAME:
        return BY_NAME[name]
    return words if annotation is str else st.from_type(annotation)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind: Any = draw(st.sampled_from(kinds))
    fields = {name: one.annotation for name, one in kind.model_fields.items() if name != "kind"}
    event: Event = kind(**{name: draw(values(name, annotation)) for name, annotation in fields.items()})
    return event


def content_of(recorded: list[Event]) -> bytes:
    content, prev = b"", FIRST
    for n, event in enumerate(recorded, 1):
        line = line_for(event, n=n, prev=prev)
        content, prev = content + line.model_dump_json().encode() + b"\n", line.hash
    return content


def read(content: bytes) -> list[Event]:
    lines, _ = read_lines(content, "journal")
    return list(events_of(lines, "journal"))


@given(st.lists(events(), max_size=4))
@examples(60)
def test_what_is_written_reads_back(recorded: list[Event]):
    assert read(content_of(recorded)) == recorded


def test_every_kind_of_event_was_thought_of():
    assert {kind.__name__ for kind in kinds} == {
        one["$ref"].rpartition("/")[2] for one in EVENT.json_schema()["oneOf"]
    }


def test_what_people_say_is_what_the_journal_records():
    yes = Approved(at=MIDNIGHT, step="fence", by="anna", how="typed")
    assert WORD.validate_json(WORD.dump_json(yes)) == EVENT.validate_python(yes.model_dump()) == yes


def test_times_keep_their_instant_whatever_their_zone():
    cet = timezone(timedelta(hours=1))
    (event,) = read(content_of([Resumed(at=MIDNIGHT.astimezone(cet), by="anna")]))
    assert event.at == MIDNIGHT


STORY: list[Event] = [
    Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=20)),
    Succeeded(at=MIDNIGHT, step="fence", attempt=1, seen={"lag": 0.1 + 0.2, "esc": "\x1b\\ø"}, summary="off"),
    Ended(at=MIDNIGHT, outcome=Outcome.DONE),
]


def test_any_one_changed_byte_is_found():
    content = content_of(STORY)
    last = len(content) - 1  # without its newline the last line is torn, which is a crash
    for position in range(last):
        for bit in (0x01, 0x20, 0x80):  # another value, another letter case, no UTF-8
            changed = bytearray(content)
            changed[position] ^= bit
            with pytest.raises(Tampered):
                read_lines(bytes(changed), "journal")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0], lines[0], lines[1], lines[2]], 2),
        (lambda lines: [lines[0], b"\n", *lines[1:]], 2),
        (lambda lines: [lines[0].replace(b'{"n":1', b'{"n":9,"n":1'), *lines[1:]], 1),
        (lambda lines: [lines[0].replace(b",", b", ", 1), *lines[1:]], 1),
        (lambda lines: [lines[0], b"\x00\xff not a line\n"], 2),
    ],
    ids=["swapped", "left out", "twice", "empty line", "key twice", "spaced", "not a line"],
)
def test_tampering_is_found_and_the_line_named(wrong, line):
    lines = content_of(STORY).splitlines(keepends=True)
    with pytest.raises(Tampered, match=f"line {line} ") as error:
        read_lines(b"".join(wrong(lines)), "journal.jsonl")
    assert error.value.where == "journal.jsonl"


def test_a_torn_last_line_is_left_out_wherever_it_is_torn():
    content = content_of(STORY)
    whole = content.rindex(b"\n", 0, -1) + 1
    for cut in range(whole, len(content)):
        lines, length = read_lines(content[:cut], "journal")
        assert (len(lines), length) == (2, whole)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_an_erased_line_still_verifies_and_its_event_is_gone(n):
    lines = content_of(STORY).splitlines(keepends=True)
    erased = Line.model_validate_json(lines[n - 1]).model_copy(update={"salt": None, "event": None})
    lines[n - 1] = erased.model_dump_json().encode() + b"\n"
    assert read(b"".join(lines)) == STORY[: n - 1] + STORY[n:]


def test_an_event_of_a_newer_version_is_named_and_nothing_is_guessed():
    line = line_for(STORY[0], n=1, prev=FIRST)
    event = {**(line.event or {}), "kind": "teleported"}
    with pytest.raises(JournalError, match=r"line 1 .*'teleported'"):
        list(events_of([line.model_copy(update={"event": event})], "journal"))


def test_the_same_event_has_another_digest_each_time():
    """Salted: who knows what may have happened cannot find out that it did from what is left of an erased line."""
    assert line_for(STORY[0], n=1, prev=FIRST).digest != line_for(STORY[0], n=1, prev=FIRST).digest
