"""YAML text as nodes that know their place, without YAML 1.1's guesses, within limits that hold while it is read.

A file of two million brackets costs no more than fifty of them.
"""

from __future__ import annotations

import re

import yaml
from yaml._yaml import CParser

from seawall.errors import BadInput, Mistake
from seawall.yaml_source.showing import showable
from seawall.yaml_source.words import WORDS, Words

MAX_NODES = 200_000
MAX_DEPTH = 50

LINE_BREAK = re.compile(r"\r\n|\r|\n")
_COLON_IN_VALUE = re.compile(r"^(\s*(?:- +)?[\w.-]+: +)([^\s\"'{\[|>&*!#][^\"#]*?)\s*$")


def compose(text: str, shown: str) -> yaml.Node | None:
    """Return the one document in `text`, or None when there is none.

    Scalars are left as written: plain ones have the style `""`. A node has the tag `""` when the author gave it
    none.

    Raises:
        BadInput: it is not YAML, holds several documents, or is nested or divided beyond measure.
    """
    composer = _Composer(text)
    try:
        root: yaml.Node | None = composer.get_single_node()
    except _BeyondMeasure as error:
        where = place(shown, error.node) if error.node is not None else shown
        raise BadInput.one(error.problem, where=where, remedy=error.remedy) from None
    except yaml.YAMLError as error:
        raise BadInput([_in_plain_words(error, shown, text)]) from None
    return root


def place(shown: str, node: yaml.Node) -> str:
    """Return `file:line:column` of the beginning of `node`."""
    return f"{shown}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


class _BeyondMeasure(Exception):
    """The file is nested too deeply or has too many parts; raised from inside the composer."""

    def __init__(self, problem: str, remedy: str, node: yaml.Node | None) -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.node = problem, remedy, node


class _Composer(CParser):
    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self._depth = 0
        self._nodes = 0

    def resolve(self, _kind: object, _text: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            remedy = "Nest less deeply; nothing that is read here needs more than ten levels"
            raise _BeyondMeasure(f"is nested deeper than {MAX_DEPTH} levels here", remedy, parent)
        if self._nodes > MAX_NODES:
            raise _BeyondMeasure(f"has more than {MAX_NODES:,} parts", "Divide it into several files", parent)

    def ascend_resolver(self) -> None:
        self._depth -= 1


def _in_plain_words(error: yaml.YAMLError, shown: str, text: str) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).partition("\n")[0]
    if mark is None:
        return Mistake(shown, f"is not YAML: {said}", "Correct the file")
    lines = LINE_BREAK.split(text)
    line = lines[mark.line] if mark.line < len(lines) else ""
    words = _words(said, line[: mark.column])
    begun = getattr(error, "context_mark", None)
    if words.at_beginning and begun is not None:
        mark = begun
    match = _COLON_IN_VALUE.match(line) if words.quotes else None
    corrected = match and showable(f'{match[1]}"{match[2]}"')
    return Mistake(f"{shown}:{mark.line + 1}:{mark.column + 1}", words.problem, words.remedy, corrected)


def _words(said: str, before: str) -> Words:
    for one in WORDS:
        if one.sign in said and (one.before is None or re.fullmatch(one.before, before)):
            return one
    return Words(
        said, f"is not YAML: {said}", "Correct the line; a value with special characters needs quotes"
    )
