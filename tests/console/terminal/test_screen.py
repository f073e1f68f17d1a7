"""What is said fits the terminal and steers nothing."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.terminal.screen import Screen


def screen(width=60, *, encoding="utf-8", colour=False):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    return Screen(stream, width=width, colour=colour)


def shown(one: Screen) -> str:
    one.stream.seek(0)
    return one.stream.read()


@given(st.text(), st.integers(40, 100), st.integers(0, 12), st.integers(0, 12))
def test_no_line_is_longer_than_the_terminal_and_nothing_steers_it(text, width, indent, hang):
    one = screen(width)
    one.say(text, indent=indent, hang=hang)
    one.pairs([("name", text)])
    for line in shown(one).split("\n"):
        assert len(line) <= width
        assert all(letter.isprintable() for letter in line)


def test_a_terminal_that_knows_only_ascii_is_no_error():
    one = screen(encoding="ascii")
    one.say("ØVELSE / EXERCISE: Gør den klar → nu")
    assert "VELSE / EXERCISE" in shown(one)


def test_a_colour_only_repeats_a_word():
    coloured, plain = screen(colour=True), screen()
    for one in (coloured, plain):
        one.say("FAILED", "bad")
    assert shown(coloured) == "\x1b[31;1mFAILED\x1b[0m\n"
    assert shown(plain) == "FAILED\n"


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_is_an_empty_line(text):
    one = screen()
    one.say(text)
    assert shown(one) == "\n"
