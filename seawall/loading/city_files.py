"""`inventory/*.yaml` as one inventory: read, laid side by side, understood, held together; every mistake at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading.consistency import Remark, contradictions
from seawall.loading.cycles import cycles
from seawall.loading.findings import findings
from seawall.loading.model_mistakes import in_file_order, model_mistakes
from seawall.loading.nearest import choose, nearest
from seawall.loading.placeholders import unfilled
from seawall.loading.references import known_names, needs, references
from seawall.loading.shapes import keys_of
from seawall.yaml_source import Loc, YamlSource, read_yaml

SINGLE = frozenset({"city", "mail", "slack"})
"""Sections that hold one thing; the others hold things by name."""


@dataclass(frozen=True, slots=True)
class InventoryFiles:
    """What stands in the files of an inventory, and where."""

    sections: Mapping[str, Any]
    origins: Mapping[tuple[str, ...], YamlSource]

    def source_of(self, path: Loc) -> YamlSource | None:
        """Return the file in which `path` stands: by section and name, or by section alone."""
        section = str(path[0]) if path else ""
        return self.origins.get((section, *map(str, path[1:2]))) or self.origins.get((section,))

    def adding(self, path: Loc, line: str) -> tuple[str, str, bool]:
        """Return where `line` would be written for it to stand at `path`, how it reads, and whether a line there goes.

        A section that there is not yet goes into a file of its own.
        """
        source = self.source_of(path)
        if source is None:
            return f"inventory/{path[0]}.yaml:1", line, False
        if len(path) > 1:
            return source.adding(path, line)
        return source.where(path, key=True).rpartition(":")[0], line, True

    def where(self, path: Loc, *, key: bool = False) -> str:
        """Return `file:line:column` of what stands at `path`."""
        source = self.source_of(path)
        return "inventory" if source is None else source.where(path, key=key)


def yaml_files(folder: Path) -> list[Path]:
    """Return the YAML files in a folder by name; none when there is no such folder. Raises: BadInput."""
    try:
        names = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadInput.one(problem, where=str(folder), remedy="Check the folder's permissions") from None
    return [path for path in names if path.suffix in {".yaml", ".yml"} and not path.name.startswith(".")]


def read_inventory(folder: Path) -> tuple[Inventory, InventoryFiles]:
    """Read the inventory of the city in `folder`.

    Raises:
        BadInput: it is no city's folder, or with every mistake in its files.
    """
    paths = yaml_files(folder / "inventory")
    if not paths:
        problem = "is no city: it has no inventory/*.yaml"
        remedy = "Go to the city's folder or name it, or make one with `seawall init DIR`"
        raise BadInput.one(problem, where=str(folder), remedy=remedy)
    reading = _Reading()
    for path in paths:
        reading.take(path, f"inventory/{path.name}")
    files = InventoryFiles(reading.sections, reading.origins)
    inventory = reading.understand(files)
    if reading.mistakes or inventory is None:
        raise BadInput(in_file_order(reading.mistakes))
    return inventory, files


def inventory_findings(inventory: Inventory, files: InventoryFiles) -> tuple[Mistake, ...]:
    """Return what should be known about a city whose files hold no mistake, in the order of its files."""
    return tuple(in_file_order(placed(files, findings(inventory))))


@dataclass(slots=True)
class _Reading:
    """One reading of an inventory: what was found so far, and every mistake."""

    sections: dict[str, Any] = field(default_factory=dict)
    origins: dict[tuple[str, ...], YamlSource] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    unread: bool = False

    def take(self, path: Path, shown: str) -> None:
        """Read one file and lay its sections beside what is there."""
        try:
            source = read_yaml(path, shown, go_on=True)
        except BadInput as error:
            self.mistakes += error.mistakes
            self.unread = True
            return
        self.mistakes += source.mistakes
        if not isinstance(source.value, dict):
            remedy = f"Begin with a section, e.g. `services:`; there are {', '.join(keys_of(Inventory))}"
            self.mistakes.append(Mistake(source.where(()), "holds no sections", remedy))
            return
        self.mistakes += unfilled(source)
        for section, written in source.value.items():
            self._lay(source, section, written)

    def _lay(self, source: YamlSource, section: str, written: Any) -> None:
        if section not in keys_of(Inventory):
            meant = nearest(section, keys_of(Inventory))
            node = source.spot((section,)).key
            corrected = source.rewritten(node, meant) if meant and node is not None else None
            remedy = choose(section, keys_of(Inventory))
            place = source.where((section,), key=True)
            self.mistakes.append(
                Mistake(place, f"`{section}` is no section of an inventory", remedy, corrected)
            )
            self.unread = True
        elif section in SINGLE:
            if self._first(source, (section,)):
                self.sections[section] = written
        elif isinstance(written, dict):
            entries = self.sections.setdefault(section, {})
            self.origins.setdefault((section,), source)
            for name, entry in written.items():
                if self._first(source, (section, name)):
                    entries[name] = entry
        else:
            self.sections.setdefault(section, {})
            self.origins.setdefault((section,), source)
            if written is not None:
                remedy = "Write the entries below it, each as `name:` and what it has"
                place = source.where((section,))
                self.mistakes.append(Mistake(place, f"`{section}` must hold entries by name", remedy))

    def _first(self, source: YamlSource, path: tuple[str, ...]) -> bool:
        first = self.origins.setdefault(path, source)
        if first is not source:
            problem = f"`{path[-1]}` stands in two files; the other is {first.where(path, key=True)}"
            self.mistakes.append(Mistake(source.where(path, key=True), problem, "Keep one of the two"))
        return first is source

    def understand(self, files: InventoryFiles) -> Inventory | None:
        """Return the inventory, or what of it could be understood; note every mistake."""
        inventory = self._model(files)
        if not self.unread:  # names in a file that could not be read would all seem to be missing
            self.mistakes += _lost_references(files)
            self.mistakes += _loops(files)
        if inventory is not None:
            self.mistakes += placed(files, contradictions(inventory))
        return inventory

    def _model(self, files: InventoryFiles) -> Inventory | None:
        try:
            return Inventory.model_validate(self.sections)
        except ValidationError as error:
            wrong = {one["loc"][:2] for one in error.errors(include_url=False, include_input=False)}
            said = model_mistakes(error, Inventory, files.source_of, lost="inventory")
            self.mistakes += [one for one in said if not (self.unread and one.where == "inventory")]
        try:
            return Inventory.model_validate(_without(self.sections, wrong))
        except ValidationError:  # more is broken than entries
            return None


def _without(sections: Mapping[str, Any], wrong: set[tuple[int | str, ...]]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for section, entries in sections.items():
        if section in SINGLE or not isinstance(entries, dict):
            if not any(path[0] == section for path in wrong):
                left[section] = entries
        else:
            left[section] = {name: entry for name, entry in entries.items() if (section, name) not in wrong}
    return {"city": {"name": "unnamed", "title": "unnamed"}, "sites": {}} | left


def _lost_references(files: InventoryFiles) -> Iterator[Mistake]:
    known = known_names(files.sections)
    # A thousand services have two thousand servers, and look for each of them.
    there = {kind: frozenset(names) for kind, names in known.items()}
    for one in references(files.sections):
        if one.name in there[one.kind]:
            continue
        source = files.source_of(one.path)
        if source is None:
            continue
        meant = nearest(one.name, known[one.kind])
        spot = source.spot(one.path)
        node = spot.key if one.about_key else spot.value
        corrected = source.rewritten(node, meant) if meant and node is not None else None
        problem = f"there is no {one.kind} `{one.name}`"
        yield Mistake(
            source.where(one.path, key=one.about_key), problem, choose(one.name, known[one.kind]), corrected
        )


def _loops(files: InventoryFiles) -> Iterator[Mistake]:
    graph = needs(files.sections)
    for loop in cycles({name: [one for one, _ in wanted] for name, wanted in graph.items()}):
        path = next(path for name, path in graph[loop[0]] if name == loop[1])
        problem = f"services need one another in a circle: {' -> '.join(loop)}"
        yield Mistake(files.where(path), problem, "Remove one of these needs; none of them could ever start")


def placed(files: InventoryFiles, remarks: Iterator[Remark]) -> Iterator[Mistake]:
    """Say each remark as a mistake at its place in the files."""
    for one in remarks:
        yield Mistake(files.where(one.path, key=one.about_key), one.problem, one.remedy)
