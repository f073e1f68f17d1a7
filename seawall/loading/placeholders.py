"""Lines that were pasted as they were shown: every `...` in them is for somebody to fill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seawall.errors import Mistake
from seawall.yaml_source import Loc, YamlSource

PLACEHOLDER = "..."


def unfilled(source: YamlSource) -> Iterator[Mistake]:
    """Find every `...` that stands where something is to be written."""
    if PLACEHOLDER not in source.text:
        return
    for path in _places(source.value, ()):
        problem = f"`{path[-1]}` is not filled in yet"
        yield Mistake(
            source.where(path), problem, f"Write it in place of `{PLACEHOLDER}`, or delete the line"
        )


def _places(written: Any, path: Loc) -> Iterator[Loc]:
    if isinstance(written, str):
        if PLACEHOLDER in written and not written.strip("./ "):
            yield path
    elif isinstance(written, dict):
        for key, value in written.items():
            yield from _places(value if value is not None else key, (*path, key))
    elif isinstance(written, list):
        for index, value in enumerate(written):
            yield from _places(value, (*path, index))
