"""Values written into an inventory's files where its gaps are, as a person would with an editor.

Every comment and every other line stays as it stands. The files as they would be are read as a whole first: when they
then hold a mistake, nothing is written.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading.city_files import InventoryFiles, read_inventory, yaml_files
from seawall.loading.nearest import choose
from seawall.yaml_source import Loc, YamlSource, yaml_source

UNTIL_SAID = "# PostgreSQL's own, until you say otherwise"
"""What an importer writes beside a value that nobody gave."""
_GAPS = re.compile(r"^(\s*# gap: )(.+?)( and the rest)?\s*$")


@dataclass(frozen=True, slots=True)
class Filled:
    """A city's files with values in place of gaps, not written yet.

    Attributes:
        file: the one file that changes.
        text: what it will hold.
        lines: where each value stands in it, `file:line`, and how it reads there.
    """

    file: Path
    text: str
    lines: tuple[tuple[str, str], ...]


def filled(folder: Path, thing: Loc, values: Mapping[str, str], *, instead: bool = False) -> Filled:
    """Return the city's files with `values` written under `thing`.

    Args:
        folder: the city's.
        thing: what they belong to, e.g. `("services", "login")`; it must be there.
        values: by field, as they would be written in YAML: `{rto: 15m}` or `login`.
        instead: a value that is there already gives way; without it, that is a mistake.

    Raises:
        BadInput: with every mistake, also those that the files would hold then.
    """
    _, files = read_inventory(folder)
    source = _source_of(files, thing)
    file = folder / source.shown
    _refuse(source, thing, values, instead=instead)
    there = _at(source.value, thing)
    for field in (one for one in values if one in there):
        source = yaml_source(_changed(source, (*thing, field), values[field]), source.shown)
    if added := {field: value for field, value in values.items() if field not in there}:
        source = yaml_source(_added(source, thing, added), source.shown)
    text = _without_gaps(source, thing, values)
    if _is_whole(_read_with(folder, file, text), thing):
        text = _without_gaps(yaml_source(text, source.shown), thing[:-1], thing[-1:])
    now = yaml_source(text, source.shown)
    return Filled(file, text, tuple(dict.fromkeys(_shown(now, (*thing, field)) for field in values)))


def _source_of(files: InventoryFiles, thing: Loc) -> YamlSource:
    called = ".".join(map(str, thing))
    source = files.source_of(thing)
    value: Any = files.sections
    for depth, part in enumerate(thing):
        if not isinstance(value, dict) or part not in value:
            known = (
                [".".join(map(str, (*thing[:depth], one))) for one in value]
                if isinstance(value, dict)
                else []
            )
            raise BadInput.one(
                f"there is no {'.'.join(map(str, thing[: depth + 1]))} in this city",
                where=called,
                remedy=choose(".".join(map(str, thing[: depth + 1])), known),
            )
        value = value[part]
    if source is None or not isinstance(value, dict) or len(thing) == 1:
        raise BadInput.one(
            f"{called} is nothing that values can be written under",
            where=called,
            remedy="Name one thing, e.g. services.login, and then its values: tier=1",
        )
    return source


def _refuse(source: YamlSource, thing: Loc, values: Mapping[str, str], *, instead: bool) -> None:
    there, mistakes = _at(source.value, thing), []
    for field, value in values.items():
        where = ".".join(map(str, (*thing, field)))
        if "\n" in value or not value.strip():
            mistakes.append(Mistake(where, "there is no value on one line", f"Write it as in {field}=..."))
        if field not in there:
            continue
        place = source.where((*thing, field)).rpartition(":")[0]
        if not instead:
            remedy = f"Add --instead to write {value} in its place, or leave it out"
            mistakes.append(Mistake(where, f"{place} says it already", remedy))
        elif source.rewritten(source.spot((*thing, field)).value, value) is None:
            problem = f"what stands at {place} cannot be changed from here"
            mistakes.append(Mistake(where, problem, f"Change it in an editor, at {place}"))
    if mistakes:
        raise BadInput(mistakes)


def _at(written: Any, path: Loc) -> Any:
    for part in path:
        written = written[part]
    return written


def _changed(source: YamlSource, path: Loc, value: str) -> str:
    node, lines = source.spot(path).value, list(source.lines)
    whole = source.rewritten(node, value)
    assert whole is not None, "refused before"
    lines[node.start_mark.line] = whole.removesuffix(UNTIL_SAID).rstrip()
    return "\n".join(lines)


def _added(source: YamlSource, thing: Loc, values: Mapping[str, str]) -> str:
    lines, first = list(source.lines), next(iter(values))
    written = "\n".join(f"{field}: {value}" for field, value in values.items())
    where, line, replaces = source.adding((*thing, first), written)
    number = int(where.rpartition(":")[2]) - 1
    if replaces:
        lines[number] = line
    else:
        # Before the comment that names the gap, else below what is there.
        at = number if _GAPS.match(lines[number]) else _last_line(source.spot(thing).value) + 1
        lines[at:at] = line.split("\n")
    return "\n".join(lines)


def _last_line(node: yaml.Node) -> int:
    """Return the last line that something of this node stands on; a block's own end is where the next one begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    end = node.end_mark
    return max(node.start_mark.line, end.line if end.column else end.line - 1)


def _without_gaps(source: YamlSource, thing: Loc, values: Iterable[str | int]) -> str:
    """Take what is filled now out of the comments that name gaps of this thing."""
    node = source.spot(thing).value
    inside = range(node.start_mark.line, min(node.end_mark.line + 1, len(source.lines)))
    return "\n".join(_kept(source.lines, inside, set(map(str, values))))


def _kept(lines: list[str], inside: range, known: set[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        found = _GAPS.match(line) if number in inside else None
        if found is None:
            yield line
            continue
        names = re.split(r", | and ", found[2])
        if left := [name for name in names if name not in known]:
            yield f"{found[1]}{', '.join(left)}{found[3] or ''}"


def _read_with(folder: Path, file: Path, text: str) -> Inventory:
    """Return the inventory as it would be. Raises: BadInput, with every mistake that it would hold."""
    with tempfile.TemporaryDirectory(prefix="seawall-") as scratch:
        there = Path(scratch) / "inventory"
        there.mkdir()
        for one in yaml_files(folder / "inventory"):
            shutil.copyfile(one, there / one.name)
        (there / file.name).write_text(text, encoding="utf-8")
        return read_inventory(Path(scratch))[0]


def _is_whole(inventory: Inventory, thing: Loc) -> bool:
    """Whether nothing that could be said of this part of an entry is missing."""
    part: Any = inventory
    for name in thing:
        part = part[name] if isinstance(part, Mapping) else getattr(part, str(name), None)
    fields = getattr(type(part), "model_fields", ())
    return bool(fields) and all(getattr(part, name) is not None for name in fields)


def _shown(source: YamlSource, path: Loc) -> tuple[str, str]:
    number = source.spot(path).value.start_mark.line
    return f"{source.shown}:{number + 1}", source.lines[number].strip()
