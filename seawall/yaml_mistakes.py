"""What a YAML parser says, in the words of somebody who did not write one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from seawall.errors import Mistake


@dataclass(frozen=True, slots=True)
class _Words:
    """What to say when the parser's own sentence contains `sign`."""

    sign: str
    problem: str
    remedy: str


_QUOTE = 'Put the whole value in quotes: key: "value"'
_WORDS = (
    _Words("mapping values are not allowed", "a colon stands where no second key can begin", _QUOTE),
    _Words("could not find expected ':'", "a key without its colon", "Write `key: value`, with a space after the colon"),
    _Words(
        "did not find expected key",
        "this does not line up with what is above it, or a quote or bracket above ends too early",
        "Indent it as far as its neighbours, and look at the quotes and brackets above",
    ),
    _Words(
        "did not find expected '-' indicator",
        "this does not line up with the list above it",
        "Indent it as far as the list's other entries",
    ),
    _Words("expected ',' or '}'", "the { of this mapping is not closed, or a comma is missing", "Add the , or the }"),
    _Words("expected ',' or ']'", "the [ of this list is not closed, or a comma is missing", "Add the , or the ]"),
    _Words("unexpected end of stream", "a quote is opened and never closed", "Close the quote"),
    _Words("unexpected document indicator", "a quote is opened and never closed", "Close the quote"),
    _Words("undefined alias", "an alias (`*name`) without its anchor (`&name`)", "Define the anchor above it, or " + _QUOTE.lower()),
    _Words("duplicate anchor", "this anchor (`&name`) stands here for the second time", "Give it another name"),
    _Words("cannot start any token", "a value cannot begin with this character", _QUOTE),
    _Words("block sequence entries are not allowed", "a list cannot begin on the same line as its key", "Begin it on a line of its own"),
    _Words("unknown escape character", "this escape is not one that YAML knows", "Use single quotes, or double the backslash"),
    _Words("but found another document", "a second document begins here", "Keep one document in a file: remove the `---`"),
    _Words("block mapping keys are not allowed", "a mapping cannot begin here", "Begin it on a line of its own"),
)
_COLON_IN_VALUE = re.compile(r"^(\s*(?:- +)?[\w.-]+: +)([^\s\"'{\[|>&*!#][^\"#]*?)\s*$")


def in_plain_words(error: yaml.YAMLError, shown: str, text: str) -> Mistake:
    """Say what `error` means, where in the file `shown` it is, and what to do."""
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    where = shown if mark is None else f"{shown}:{mark.line + 1}:{mark.column + 1}"
    words = next((one for one in _WORDS if one.sign in said), None)
    if words is None:
        return Mistake(where, f"is not YAML: {said}", "Correct the line, or " + _QUOTE.lower())
    corrected = None
    if words is _WORDS[0] and mark is not None:
        lines = re.split(r"\r\n|\r|\n", text)
        match = _COLON_IN_VALUE.match(lines[mark.line]) if mark.line < len(lines) else None
        corrected = match and f'{match[1]}"{match[2]}"'
    return Mistake(where, words.problem, words.remedy, corrected)
