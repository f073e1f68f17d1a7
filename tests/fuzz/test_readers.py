"""Whatever was bent, cut or made up: a reader reads it, or refuses it with what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.fuzz.readers import READERS, SEEDS, refuses_or_reads, seeds

FOUND = Path(__file__).with_name("found")
CALMLY = examples(60)


@st.composite
def bent(draw: st.DrawFn, name: str) -> bytes:
    """A good input with a few bytes changed, put in, taken out, doubled or cut off."""
    content = bytearray(draw(st.sampled_from(seeds(name))))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        until = min(len(content), at + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["change", "put in", "take out", "double", "cut off"])):
            case "change" if content:
                content[at] = draw(st.integers(0, 255))
            case "put in":
                content[at:at] = draw(st.binary(max_size=20) | st.sampled_from(HOSTILE))
            case "take out":
                del content[at:until]
            case "double":
                content[at:at] = content[at:until]
            case _:
                del content[at:]
    return bytes(content)


HOSTILE = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"&a [*a]",
    b"!!python/object:os.system x",
    b"9" * 400,
    b"-" * 30,
    b"[" * 200,
    b"{" * 200,
    b"\xe2\x80\xa8",
    b"1e999",
    b"NaN",
    b": ",
    b"<<: *x",
    b"{{ ''.__class__ }}",
)


@pytest.mark.parametrize("name", READERS)
def test_a_good_one_is_there_to_be_bent(name):
    assert SEEDS.keys() == READERS.keys()
    assert seeds(name)


@pytest.mark.parametrize("name", READERS)
def test_what_was_bent_is_read_or_refused(name):
    @CALMLY
    @given(content=bent(name))
    def check(content):
        refuses_or_reads(name, content)

    check()


@pytest.mark.parametrize("name", READERS)
def test_what_was_made_up_is_read_or_refused(name):
    @CALMLY
    @given(
        content=st.binary(max_size=200)
        | st.text(max_size=100).map(lambda text: text.encode(errors="replace"))
    )
    def check(content):
        refuses_or_reads(name, content)

    check()


@pytest.mark.parametrize(
    "path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_once_broke_a_reader_does_so_no_more(path):
    refuses_or_reads(path.parent.name, path.read_bytes())
