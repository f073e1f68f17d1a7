"""`actions/*.yaml`, each looked at as its reviewer would: every parameter in one word, every change proven.

A file that nobody reviewed as it stands is no reason to load nothing: its actions are withheld, and the city says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading.city_files import yaml_files
from seawall.loading.model_mistakes import model_mistakes
from seawall.loading.nearest import choose, nearest
from seawall.loading.program_words import read_as_code
from seawall.own_actions import HOLE, RESERVED, Own, OwnAction, OwnActionsFile, one_word
from seawall.own_sights import unread
from seawall.yaml_source import Loc, YamlSource, read_yaml

FOLDER = "actions"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file that was read. `file` is None when it could not be understood; then there are mistakes."""

    source: YamlSource
    file: OwnActionsFile | None
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class OwnShelf:
    """Every file of a city's own actions."""

    files: tuple[OwnFile, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def own(self) -> Own:
        """The actions, and which are withheld."""
        actions: dict[str, OwnAction] = {}
        withheld: dict[str, str] = {}
        for one in self.files:
            if one.file is not None:
                actions |= one.file.actions
                if (why := one.file.withheld) is not None:
                    withheld |= dict.fromkeys(one.file.actions, why)
        return Own(actions, withheld)

    def unreviewed(self) -> Iterator[Mistake]:
        """Say of each file that nobody reviewed as it stands what is to be done about it."""
        for one in self.files:
            if one.file is not None and (why := one.file.withheld) is not None:
                place = one.source.where(("digest",) if one.file.digest else ("actions",), key=True)
                remedy = (
                    f"Let somebody else than its author read it: seawall action review {one.source.shown}"
                )
                yield Mistake(place, f"this file {why}, so no plan may use its actions", remedy)


def read_own_actions(folder: Path, inventory: Inventory | None) -> OwnShelf:
    """Read `actions/*.yaml` of the city in `folder`; against its inventory, when that could be read."""
    mistakes: list[Mistake] = []
    files: list[OwnFile] = []
    try:
        paths = yaml_files(folder / FOLDER)
    except BadInput as error:
        return OwnShelf((), tuple(error.mistakes))
    for path in paths:
        try:
            files.append(read_own_file(path, f"{FOLDER}/{path.name}"))
        except BadInput as error:
            mistakes += error.mistakes
    understood = [(one.source, one.file) for one in files if one.file is not None]
    mistakes += [one for file in files for one in file.mistakes]
    mistakes += _named_twice(understood)
    known = {name: one for _, file in understood for name, one in file.actions.items()}
    whole = len(understood) == len(paths)
    for source, file in understood:
        for name, own in file.actions.items():
            looking = _Looking(source, name, own, known, inventory)
            mistakes += looking.mistakes(others_known=whole)
        mistakes += _reviewer(source, file, inventory)
    return OwnShelf(tuple(files), tuple(mistakes))


def read_own_file(path: Path, shown: str) -> OwnFile:
    """Read one file. Raises: BadInput: not even a value could be read from it."""
    source = read_yaml(path, shown, go_on=True)
    try:
        return OwnFile(source, OwnActionsFile.model_validate(source.value), source.mistakes)
    except ValidationError as error:
        found = model_mistakes(error, OwnActionsFile, lambda _: source, lost=shown)
        return OwnFile(source, None, (*source.mistakes, *found))


def _named_twice(files: Iterable[tuple[YamlSource, OwnActionsFile]]) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for source, file in files:
        for name in file.actions:
            place = source.where((FOLDER, name), key=True)
            if name in first:
                problem = f"`{name}` stands in two files; the other is {first[name]}"
                yield Mistake(place, problem, "Keep one of the two")
            first.setdefault(name, place)


def _reviewer(source: YamlSource, file: OwnActionsFile, inventory: Inventory | None) -> Iterator[Mistake]:
    if inventory is not None and file.reviewed_by is not None and file.reviewed_by not in inventory.people:
        problem = f"there is no person `{file.reviewed_by}` who could have reviewed this"
        yield Mistake(source.where(("reviewed_by",)), problem, choose(file.reviewed_by, inventory.people))


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks at one action."""

    source: YamlSource
    name: str
    own: OwnAction
    known: Mapping[str, OwnAction]
    inventory: Inventory | None

    def mistakes(self, *, others_known: bool) -> Iterator[Mistake]:
        yield from self._runs_on()
        yield from self._words()
        yield from self._parameters()
        yield from self._change()
        yield from self._example()
        if others_known:
            yield from self._others()

    def _wrong(
        self, path: Loc, problem: str, remedy: str, corrected: str | None = None, *, key: bool = False
    ) -> Mistake:
        place = self.source.where((FOLDER, self.name, *path), key=key)
        return Mistake(place, problem, remedy, corrected)

    def _runs_on(self) -> Iterator[Mistake]:
        own = self.own
        if own.host_parameter is not None:
            machines = [name for name, one in own.parameters.items() if one.type == "host"]
            if own.host_parameter not in machines:
                problem = f"`{own.host_parameter}` is no parameter of type host"
                yield self._wrong(("runs_on",), problem, "Add it: `parameters: {machine: {type: host}}`")
        elif self.inventory is not None and own.runs_on not in self.inventory.hosts:
            problem = f"there is no host `{own.runs_on}`"
            meant = nearest(own.runs_on, self.inventory.hosts)
            node = self.source.spot((FOLDER, self.name, "runs_on")).value
            corrected = self.source.rewritten(node, meant) if meant else None
            yield self._wrong(("runs_on",), problem, choose(own.runs_on, self.inventory.hosts), corrected)

    def _words(self) -> Iterator[Mistake]:
        own = self.own
        if HOLE.search(own.run[0]) or not own.run[0] or own.run[0].startswith("-"):
            yield self._wrong(
                ("run", 0), "the first word is the program, and no parameter", "Write the program's path"
            )
        for index, word in enumerate(own.run):
            path: Loc = ("run", index)
            if not one_word(word.replace("\n", "").replace("\t", "")):
                yield self._wrong(path, "this word holds a control character", "Take it out")
            if "{{" in word or "{%" in word:
                problem = "an action's words hold parameters such as {queue}, and no expressions"
                yield self._wrong(path, problem, "Write {name}; what it is filled with, the runbook says")
            for hole in HOLE.finditer(word):
                yield from self._hole(path, hole[1], hole[2])
        for index, program in read_as_code(own.run):
            problem = f"{program} would read the parameter in this word as code, however it is quoted"
            remedy = 'Give it as a word of its own: [sh, -c, \'echo "$1"\', sh, "{x}"]'
            yield self._wrong(("run", index), problem, remedy)

    def _hole(self, path: Loc, name: str, part: str | None) -> Iterator[Mistake]:
        parameters = self.own.parameters
        if name not in parameters:
            meant = nearest(name, parameters)
            remedy = f"Write {{{meant}}}" if meant else "Add it under `parameters:`"
            yield self._wrong(path, f"there is no parameter `{name}`", remedy)
        elif part is not None and parameters[name].type != "host":
            yield self._wrong(path, f"`{name}` is no host and has no `{part}`", f"Write {{{name}}}")

    def _parameters(self) -> Iterator[Mistake]:
        own = self.own
        used = {hole[1] for word in (*own.run, own.runs_on) for hole in HOLE.finditer(word)}
        begins = {hole[1] for word in own.run if (hole := HOLE.match(word))}
        for name, one in own.parameters.items():
            path: Loc = ("parameters", name)
            if name in RESERVED:
                yield self._wrong(path, f"no parameter may be called `{name}`", "Rename it", key=True)
            if name not in used:
                problem = f"no word of the command holds `{name}`"
                yield self._wrong(path, problem, f"Write {{{name}}} where it belongs, or remove it", key=True)
            if (one.at_least or 0) < 0 and name in begins and not one.may_begin_with_dash:
                problem = f"`{name}` may be negative, and would then begin a word with a hyphen"
                yield self._wrong(
                    path, problem, "Add `may_begin_with_dash: true` if the program reads it as a number"
                )

    def _change(self) -> Iterator[Mistake]:
        own = self.own
        pairs = (("proof", "no_proof"), ("undo", "no_way_back"))
        if own.effect == "reads":
            for name in (*(name for pair in pairs for name in pair), "may_go_on", "refuses_with"):
                if getattr(own, name):
                    problem = f"what only reads has no `{name}`"
                    yield self._wrong((name,), problem, "Remove it, or say `effect: changes`", key=True)
            return
        for name, reason in pairs:
            said = [one for one in (name, reason) if getattr(own, one) is not None]
            if len(said) != 1:
                problem = f"a change has `{name}` or `{reason}`" + (", and not both" if said else "")
                remedy = f"Name the action, or say why there is none: `{reason}: ...`"
                yield self._wrong(() if not said else (reason,), problem, remedy, key=True)
        if "holds" in own.sees:
            problem = "only what reads can be a proof and see `holds`"
            yield self._wrong(("sees", "holds"), problem, "Make an action of its own that reads", key=True)

    def _example(self) -> Iterator[Mistake]:
        own = self.own
        holds = own.sees.get("holds")
        if holds is not None and holds.type != "yes-no":
            yield self._wrong(
                ("sees", "holds"), "`holds` is yes or no", "Write `type: yes-no`, or call it otherwise"
            )
        for name in own.sees:
            if name in {"status", "because", "spent"}:
                yield self._wrong(
                    ("sees", name), f"`{name}` is seen of every action", "Call it otherwise", key=True
                )
        if own.example is None:
            printed = [name for name, one in own.sees.items() if one.status is None]
            if printed:
                problem = (
                    f"{', '.join(printed)} is read from what the command prints, and no `example` shows that"
                )
                yield self._wrong(("sees",), problem, "Add `example: {prints: ...}`", key=True)
            return
        if own.example.status not in own.ends_with:
            problem = f"the example ends with {own.example.status}, which `ends_with` calls a failure"
            yield self._wrong(("example",), problem, "Correct one of the two", key=True)
        for name in unread(own):
            problem = f"`{name}` cannot be read in the example"
            yield self._wrong(("sees", name), problem, "Correct the pattern, the type or the example")

    def _others(self) -> Iterator[Mistake]:
        own = self.own
        for name in ("proof", "undo"):
            wanted: str | None = getattr(own, name)
            if wanted is None:
                continue
            other = self.known.get(wanted)
            if other is None:
                yield self._wrong(
                    (name,), f"there is no action `{wanted}` in these files", choose(wanted, self.known)
                )
                continue
            if name == "proof" and not other.is_proof:
                yield self._wrong(
                    (name,), f"`{wanted}` is no proof", "A proof reads, and sees `holds: {...}`"
                )
            if name == "undo" and other.effect != "changes":
                yield self._wrong((name,), f"`{wanted}` only reads", "Name what takes the change back")
            for parameter, one in other.parameters.items():
                if own.parameters.get(parameter) != one:
                    problem = f"`{wanted}` takes `{parameter}`, which this action has not, or not so"
                    yield self._wrong((name,), problem, "Give both the same parameters")
