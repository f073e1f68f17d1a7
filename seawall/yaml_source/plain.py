"""The ordinary file fast: no tag, anchor, alias or directive in it, no key twice, nothing beyond measure.

Such a file is read event by event into its value, a third faster than over nodes. Whatever else it is, nodes are read
instead, which know every place and say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml._yaml import CParser

from seawall.yaml_source.nodes import MAX_DEPTH, MAX_NODES
from seawall.yaml_source.values import CONTROL, scalar

NOT_PLAIN = object()
"""Stands for the value of a file that is not that ordinary, or no YAML at all."""
_NO_KEY = object()


class _NotPlain(Exception):
    """Something came up that has to be read over nodes."""


def plain_value(text: str) -> Any:
    """Return the value of the one document in `text`; NOT_PLAIN when it has to be read over nodes."""
    parser = CParser(text)
    try:
        return _read(parser.get_event)
    except (yaml.YAMLError, _NotPlain):
        return NOT_PLAIN


def _read(event: Callable[[], Any]) -> Any:  # noqa: C901, PLR0912 - one loop over every event: calls double its time
    event()  # the stream's beginning
    opening = event()
    if type(opening) is not yaml.DocumentStartEvent or opening.version or opening.tags:
        raise _NotPlain
    top: list[Any] = []
    inside: Any = top
    key: Any = _NO_KEY
    outer: list[Any] = []
    kind: type[yaml.Event] = yaml.StreamStartEvent
    for _ in range(MAX_NODES):
        one = event()
        kind = type(one)
        if kind is yaml.ScalarEvent:
            value: Any = one.value
            if not one.style:
                value = scalar(value)
            elif one.style == '"' and CONTROL.search(value):
                raise _NotPlain
        elif kind is yaml.MappingStartEvent:
            value = {}
        elif kind is yaml.SequenceStartEvent:
            value = []
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            inside = outer.pop()
            continue
        else:
            break
        if one.tag is not None or one.anchor is not None:
            raise _NotPlain
        if type(inside) is list:
            inside.append(value)
        elif key is _NO_KEY:
            if type(value) is not str or value in inside:
                raise _NotPlain
            key = value
            continue
        else:
            inside[key] = value
            key = _NO_KEY
        if kind is not yaml.ScalarEvent:
            if len(outer) + 2 > MAX_DEPTH:
                raise _NotPlain
            outer.append(inside)
            inside = value
    if kind is not yaml.DocumentEndEvent or type(event()) is not yaml.StreamEndEvent:
        raise _NotPlain
    return top[0]
