"""Writes docs/actions.md from what the connectors declare: `python -m connectors.reference > docs/actions.md`."""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from connectors.world import real_world
from seawall.actions import Action, Effect
from seawall.inventory import About, Inventory
from seawall.model import Frozen, Text, duration_text

HEAD = """\
# Actions

Everything a step can use, as the connectors declare it. A test compares this page with them; write it anew with
`python -m connectors.reference > docs/actions.md`.

**reads** changes nothing and may be repeated. **changes** is written down before it is done and never repeated by a
rule; its *proof* tells afterwards whether it happened, and an action without one leaves that to a person. *Cannot act
after its limit* says that a proof of "did not happen" may be believed once the limit has passed. A host, server, store,
balancer or zone is named in a runbook, and stands in the plan with all that tells the right one from the wrong one.
"""
_PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    timedelta: "duration",
    type(None): "nothing",
    Any: "anything",
    AwareDatetime: "date and time",
    Text: "text, da and en",
}


def every_action() -> Mapping[str, Action[Any, Any]]:
    """Return every action there is, without a city."""
    nowhere = Inventory(city=About(name="nowhere", title=Text(en="Nowhere")), sites={})
    return real_world(nowhere)


def page(actions: Iterable[Action[Any, Any]]) -> str:
    """Write the page: the same actions give the same text."""
    ordered = sorted(actions, key=lambda action: action.name)
    groups = sorted({_group(action) for action in ordered})
    parts = [HEAD, "\n".join(_contents(ordered)) + "\n"]
    for group in groups:
        parts.append(f"## {group}\n")
        parts += [_section(action) for action in ordered if _group(action) == group]
    return "\n".join(parts)


def _group(action: Action[Any, Any]) -> str:
    return action.name.partition(".")[0]


def _contents(actions: Sequence[Action[Any, Any]]) -> Iterator[str]:
    yield "| action | | |"
    yield "|---|---|---|"
    for action in actions:
        yield f"| [{action.name}](#{re.sub(r'[^a-z0-9-]', '', action.name)}) | {action.effect} | {_cell(action.does)} |"


def _section(action: Action[Any, Any]) -> str:
    lines = [f"### {action.name}", "", f"{action.does}.", "", ", ".join(_nature(action)) + ".", ""]
    lines += (
        [f"Needs {needs}.", ""]
        if (needs := "; ".join(dict.fromkeys(filter(None, map(str, action.needs or ())))))
        else []
    )
    lines += [_first_paragraph(action.args), "", "| argument | | |", "|---|---|---|"]
    said = _attributes(action.args)
    lines += [
        f"| `{name}` | {_kind(field.annotation)}{_default(field)} | {_cell(said.get(name, ''))} |"
        for name, field in action.args.model_fields.items()
    ]
    lines += ["", f"Shows: {_first_paragraph(action.seen)}", "", "| field | | |", "|---|---|---|"]
    said = _attributes(action.seen)
    lines += [
        f"| `{name}` | {_kind(field.annotation)}{_unknown(field.annotation)} | {_cell(said.get(name, ''))} |"
        for name, field in action.seen.model_fields.items()
    ]
    return "\n".join([*lines, ""])


def _nature(action: Action[Any, Any]) -> Iterator[str]:
    yield f"**{action.effect}**"
    yield f"limit {duration_text(action.limit)}"
    if action.effect is Effect.CHANGES:
        yield f"proof `{action.proof}`" if action.proof else "no proof"
        if action.undone_by:
            yield f"undone by `{action.undone_by}`"
        yield (
            "cannot act after its limit"
            if action.after_limit_it_cannot_act
            else "may still act after its limit"
        )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.default
    if value is None or value in ({}, ()):
        return ", may be left out"
    if isinstance(value, bool):
        return f", else {str(value).lower()}"
    return f", else {duration_text(value) if isinstance(value, timedelta) else value}"


def _kind(annotation: Any) -> str:
    """Write a type in words. That it may be nothing is said elsewhere."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if get_origin(annotation) is not None:
        return _composed(get_origin(annotation), get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{one.value}`" for one in annotation)
    name = getattr(annotation, "__name__", str(annotation))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _composed(origin: Any, inner: tuple[Any, ...]) -> str:
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_kind(one) for one in inner if one is not type(None)))
    if origin in {tuple, list}:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"{_kind(inner[1])} by name"
    return _kind(inner[0])  # Annotated


def _unknown(annotation: Any) -> str:
    return ", or unknown" if type(None) in get_args(annotation) else ""


def _docstring(model: type[BaseModel]) -> str:
    for one in model.__mro__:
        if one is Frozen or "__doc__" not in vars(one) or not vars(one)["__doc__"]:
            continue
        return inspect.cleandoc(vars(one)["__doc__"])
    return ""


def _first_paragraph(model: type[BaseModel]) -> str:
    return " ".join(_docstring(model).partition("\n\n")[0].split())


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """Read what the docstrings of a model, and of those it extends, say of each field."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, Frozen) or not vars(one).get("__doc__"):
            continue
        _, found, listed = inspect.cleandoc(vars(one)["__doc__"]).partition("Attributes:\n")
        if found:
            block = re.split(r"\n(?=\S)", listed, maxsplit=1)[0]
            entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", block, flags=re.MULTILINE)
            said |= {name: " ".join(words.split()) for name, words in entries}
    return said


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def main() -> None:
    """Print the page."""
    sys.stdout.write(page(every_action().values()))


if __name__ == "__main__":
    main()
