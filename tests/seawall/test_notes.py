"""What a person notes is short and about nobody: a journal is kept, shown and handed on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drills
from seawall.errors import BadInput
from seawall.loading import load_inventory
from seawall.notes import LONGEST, checked_note

CITY = load_inventory(Path(drills.__file__).parent / "city")
PEOPLE = list(CITY.people.values())
AROUND = st.text(st.characters(categories=["Ll", "Zs"], max_codepoint=0x7F), max_size=20)


@pytest.mark.parametrize(
    "note",
    [
        "SAG-4711",
        "2026-11-21-0042",
        "INC0012345",
        "20261121004711",
        "case 12345678, back at noon",
        "none",
        "ref. 70 00 00 00/7",
        "Sagsnr. Æ-17: klokken 8",
        "999999-1234",
    ],
)
def test_a_case_number_is_noted_as_it_is(note):
    assert checked_note(f"  {note} ", "step call", CITY) == note


@given(st.sampled_from(PEOPLE), st.integers(0, 3), AROUND, AROUND)
def test_nothing_of_the_citys_people_is_noted(person, which, before, after):
    telephone = person.telephone
    forms = (person.title, person.title.upper(), telephone, telephone.replace(" ", ""))
    with pytest.raises(BadInput, match="the note holds"):
        checked_note(f"{before}{forms[which]}{after}", "step call", CITY)


@pytest.mark.parametrize(
    "note",
    [
        "write to somebody@supplier.example",
        "ring +45 12 34 56 78",
        "ring 0045 12345678",
        "about 010190-1234",
        "about 0101901234",
        "about 610190 1234",
        f"{PEOPLE[0].email}",
        f"{PEOPLE[0].telephone}".removeprefix("+45 "),
    ],
)
def test_what_looks_like_somebodys_own_is_refused(note):
    with pytest.raises(BadInput, match="the note holds") as refused:
        checked_note(note, "step call", CITY)
    assert note not in str(refused.value)


@pytest.mark.parametrize("note", ["", "   ", "two\nlines", "a\x1b[31mred", "x" * (LONGEST + 1)])
def test_a_note_is_one_short_line(note):
    with pytest.raises(BadInput):
        checked_note(note, "step call", CITY)
