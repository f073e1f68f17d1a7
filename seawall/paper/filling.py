"""What an action's `by_hand` says, filled with a step's arguments, as pieces of words and of what is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seawall.model import Language, Text
from seawall.plan import references

_HOLE = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)*)\}")
_SAW = Text(en="[what step {step} saw]", da="[hvad trin {step} så]")
_NOT_WRITTEN = Text(en="[not written down]", da="[ikke skrevet ned]")
_YES_NO = {True: Text(en="yes", da="ja"), False: Text(en="no", da="nej")}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, or something to type as it stands."""

    words: str
    typed: bool


def filled(text: Text, args: Mapping[str, Any], language: Language) -> tuple[Piece, ...]:
    """Fill in a text whose words between backticks are typed.

    >>> [(one.words, one.typed) for one in filled(Text(en="Say `ls {to}` now"), {"to": "/srv"}, "en")]
    [('Say ', False), ('ls /srv', True), (' now', False)]
    """

    def said(match: re.Match[str]) -> str:
        return _said(args, match[1].split("."), language)

    parts = text.in_(language).split("`")
    return tuple(Piece(_HOLE.sub(said, one), typed=n % 2 == 1) for n, one in enumerate(parts) if one)


def _said(value: Any, path: list[str], language: Language) -> str:
    for part in path:
        if _is_taken(value):
            break
        value = value.get(part) if isinstance(value, Mapping) else None
    if _is_taken(value):
        return _SAW.in_(language).format(step=references(value)[0])
    match value:
        case None | "" | []:
            said = _NOT_WRITTEN.in_(language)
        case bool():
            said = _YES_NO[value].in_(language)
        case {"en": en, **rest} if set(rest) <= {"da"}:
            said = str((rest.get("da") or en) if language == "da" else en)
        case {"name": name}:
            said = str(name)
        case list():
            said = ", ".join(_said(one, [], language) for one in value)
        case _:
            said = str(value)
    return said


def _is_taken(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"from"}


def steps_taken_from(args: Mapping[str, Any]) -> Iterator[str]:
    """Yield the steps that an argument takes something from, each once."""
    yield from dict.fromkeys(one.partition(".")[0] for one in references(dict(args)))
