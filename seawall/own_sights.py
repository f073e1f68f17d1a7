"""What a city's own command showed, read as its file says. What cannot be read so is unknown, and never a guess."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from seawall.actions import Output
from seawall.model import duration, size
from seawall.own_actions import OwnAction, Sight

LONGEST_TEXT = 500
TYPES: Mapping[str, type] = {
    "yes-no": bool,
    "integer": int,
    "number": float,
    "text": str,
    "duration": timedelta,
    "size": int,
}


def sights(own: OwnAction, output: Output) -> dict[str, Any]:
    """Return everything the action sees in what its command came to; None for what cannot be read."""
    return {name: _read(one, output) for name, one in own.sees.items()}


def unread(own: OwnAction) -> tuple[str, ...]:
    """Return what the action does not see in its own example."""
    if own.example is None:
        return ()
    seen = sights(own, Output(own.example.status, own.example.prints, ""))
    return tuple(name for name, value in seen.items() if value is None)


def _read(sight: Sight, output: Output) -> Any:
    if sight.status is not None:
        return output.status in sight.status
    if sight.pattern is not None:
        found = re.search(sight.pattern, output.stdout, re.MULTILINE)
        if sight.type == "yes-no":
            return found is not None
        return None if found is None or found[1] is None else _as(sight.type, found[1])
    return _as(sight.type, _at(output.stdout, sight.json_at or ""))


def _at(printed: str, path: str) -> Any:
    try:
        place = json.loads(printed)
        for part in path.split("."):
            place = place[int(part)] if isinstance(place, list) else place[part]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return place


def _as(kind: str, value: Any) -> Any:
    """Turn what was found into what it should be; None when it is something else."""
    if isinstance(value, bool) != (kind == "yes-no"):
        return None
    try:
        return _READ[kind](value)
    except (ValueError, TypeError, OverflowError):
        return None


def _whole(value: Any) -> int | None:
    return None if isinstance(value, float) else int(value)


def _size(value: Any) -> int:
    return size(int(value) if isinstance(value, str) and value.isdecimal() else value)


def _text(value: Any) -> str | None:
    return value[:LONGEST_TEXT] if isinstance(value, str) else None


_READ: Mapping[str, Callable[[Any], Any]] = {
    "yes-no": bool,
    "integer": _whole,
    "number": float,
    "text": _text,
    "duration": duration,
    "size": _size,
}
