"""What a YAML parser says, in the words of somebody who did not write one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What to say when the parser's own sentence contains `sign`.

    Attributes:
        before: what the line must look like before the place, when that makes the difference.
        quotes: whether quotes around the line's value are the correction.
        at_beginning: whether to name the place where the parser began to read what has no end.
    """

    sign: str
    problem: str
    remedy: str
    before: str | None = None
    quotes: bool = False
    at_beginning: bool = False


_QUOTE = 'Put the whole value in quotes: key: "value"'
_LINE_UP = "Indent it as far as its neighbours"

WORDS = (
    Words(
        "mapping values are not allowed",
        "this key does not fit what stands above it",
        _LINE_UP + ", and see that the line above has its colon",
        before=r"\s*(?:- +)?[\w.-]+",
    ),
    Words(
        "mapping values are not allowed",
        "a colon stands inside a value that has no quotes",
        _QUOTE,
        quotes=True,
    ),
    Words(
        "could not find expected ':'",
        "a key without its colon",
        "Write `key: value`, with a space after the colon",
        at_beginning=True,
    ),
    Words(
        "did not find expected key",
        "this does not line up with what is above it, or a quote or bracket ends too early",
        _LINE_UP + ", and look at the quotes and brackets above",
    ),
    Words(
        "did not find expected '-' indicator",
        "this does not line up with the list above it",
        "Indent it as far as the list's other entries, or further out than the list",
    ),
    Words(
        "expected ',' or '}'",
        "the { of this mapping is not closed, or a comma is missing",
        "Add the , or the }",
    ),
    Words(
        "expected ',' or ']'", "the [ of this list is not closed, or a comma is missing", "Add the , or the ]"
    ),
    Words(
        "unexpected end of stream", "a quote is opened and never closed", "Close the quote", at_beginning=True
    ),
    Words(
        "unexpected document indicator",
        "a quote is opened and never closed",
        "Close the quote",
        at_beginning=True,
    ),
    Words(
        "undefined alias",
        "an alias (`*name`) stands here without its anchor (`&name`)",
        f"Define the anchor above, or {_QUOTE[0].lower()}{_QUOTE[1:]}",
    ),
    Words(
        "duplicate anchor", "this anchor (`&name`) stands here for the second time", "Give it another name"
    ),
    Words("cannot start any token", "a value cannot begin with this character", _QUOTE),
    Words(
        "block sequence entries are not allowed", "a list cannot begin here", "Begin it on a line of its own"
    ),
    Words(
        "block mapping keys are not allowed", "a mapping cannot begin here", "Begin it on a line of its own"
    ),
    Words(
        "unknown escape character",
        "YAML does not know this escape",
        "Use single quotes, or double the backslash",
    ),
    Words(
        "but found another document",
        "a second document begins here",
        "Keep one document in a file: remove the `---`",
    ),
    Words("incompatible YAML document", "this names another version of YAML than 1.2", "Remove the line"),
)
