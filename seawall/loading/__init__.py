"""A city's folder as values the core works with; every mistake in it at once, each with its place and its remedy.

A mistake reads `file:line:column: problem. Remedy.`, the file relative to the city's folder, and below it the line as
it should read where that can be known. Nothing is loaded in part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

import seawall
from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading.city_files import InventoryFiles, inventory_findings, read_inventory, yaml_files
from seawall.loading.message_files import MessageFile, message_templates, read_message
from seawall.loading.model_mistakes import in_file_order, model_mistakes
from seawall.loading.roles import unfilled_roles
from seawall.loading.runbook_files import RunbookFile, read_runbook, used_runbooks
from seawall.loading.template_checks import names_passed, templates_in
from seawall.messages import Message
from seawall.runbook import Runbook
from seawall.yaml_source import Loc, YamlSource, read_yaml

__all__ = [
    "City",
    "load_city",
    "load_file",
    "load_inventory",
    "load_runbook",
    "load_runbooks",
    "load_templates",
]

FileT = TypeVar("FileT", RunbookFile, MessageFile)
ModelT = TypeVar("ModelT", bound=BaseModel)

PRODUCT = Path(seawall.__file__).parent.parent / "runbooks"
"""The runbooks that come with Seawall; their messages are in the folder `messages` below."""


@dataclass(frozen=True)
class City:
    """A city that was loaded: no mistake in it.

    Attributes:
        runbooks: the city's own, on top of those that come with Seawall.
        templates: the messages, the city's own on top, with their Jinja2 as written.
    """

    folder: Path
    inventory: Inventory
    runbooks: Mapping[str, Runbook]
    templates: Mapping[str, Message]
    _files: InventoryFiles = field(repr=False)
    _runbook_files: Mapping[str, RunbookFile] = field(repr=False)

    @cached_property
    def findings(self) -> tuple[Mistake, ...]:
        """What is allowed and should still be known, e.g. backups that drown together with what they keep."""
        ours = [file for file in self._runbook_files.values() if file.ours]
        return (*inventory_findings(self.inventory, self._files), *unfilled_roles(ours, self.inventory))

    def place(self, runbook: str, path: Loc) -> str:
        """Return `file:line:column` of what stands at `path` in a runbook."""
        file = self._runbook_files.get(runbook)
        return f"runbook {runbook}" if file is None else file.source.where(path)


def load_city(folder: Path) -> City:
    """Load the inventory, runbooks and messages of the city in `folder`.

    Raises:
        BadInput: it is no city's folder, or with every mistake in its files.
    """
    folder = Path(folder)
    mistakes: list[Mistake] = []
    inventory, files = None, None
    try:
        inventory, files = read_inventory(folder)
    except BadInput as error:
        mistakes += error.mistakes
    runbooks = _read([(PRODUCT, None), (folder / "runbooks", "runbooks")], read_runbook, mistakes)
    messages = _read(
        [(PRODUCT / "messages", None), (folder / "templates", "templates")], read_message, mistakes
    )
    mistakes += _across(runbooks, messages)
    if inventory is not None:
        mistakes += unfilled_roles((file for file in runbooks.values() if not file.ours), inventory)
    if mistakes or inventory is None or files is None:
        raise BadInput(in_file_order(mistakes))
    return City(
        folder,
        inventory,
        {name: file.runbook for name, file in runbooks.items() if file.runbook is not None},
        {name: file.message for name, file in messages.items() if file.message is not None},
        files,
        runbooks,
    )


def load_inventory(folder: Path) -> Inventory:
    """Load `inventory/*.yaml` of the city in `folder`. Raises: BadInput, as `load_city` does."""
    return read_inventory(Path(folder))[0]


def load_file(
    path: Path, model: type[ModelT], shown: str | None = None, *, may_be_empty: bool = False
) -> tuple[ModelT, YamlSource]:
    """Load any one file as `model`, e.g. a scenario.

    Args:
        path: the file.
        model: what it holds.
        shown: its name in mistakes; the path itself when absent.
        may_be_empty: a file with nothing but comments is an empty mapping, and no mistake.

    Returns:
        What it holds, and the source, whose `where(path)` gives places for mistakes found later.

    Raises:
        BadInput: with every mistake in it.
    """
    source = read_yaml(Path(path), shown, go_on=True, may_be_empty=may_be_empty)
    try:
        value = model.model_validate(source.value)
    except ValidationError as error:
        found = model_mistakes(error, model, lambda _: source, lost=source.shown)
        raise BadInput(in_file_order([*source.mistakes, *found])) from None
    if source.mistakes:
        raise BadInput(source.mistakes)
    return value, source


def load_runbook(path: Path) -> Runbook:
    """Load one runbook's file. Raises: BadInput, with every mistake in it."""
    file = read_runbook(Path(path), str(path))
    if file.mistakes or file.runbook is None:
        raise BadInput(in_file_order(file.mistakes))
    return file.runbook


def load_runbooks(folders: Sequence[Path]) -> Mapping[str, Runbook]:
    """Load the runbooks in `folders`; one in a later folder replaces its namesake in an earlier.

    Raises:
        BadInput: with every mistake in every file.
    """
    mistakes: list[Mistake] = []
    files = _read([(Path(folder), None) for folder in folders], read_runbook, mistakes)
    mistakes += used_runbooks(files)
    if mistakes:
        raise BadInput(in_file_order(mistakes))
    return {name: file.runbook for name, file in files.items() if file.runbook is not None}


def load_templates(folders: Sequence[Path]) -> Mapping[str, Message]:
    """Load the messages in `folders`, by file name; one in a later folder replaces its namesake in an earlier.

    Raises:
        BadInput: with every mistake in every file.
    """
    mistakes: list[Mistake] = []
    files = _read([(Path(folder), None) for folder in folders], read_message, mistakes)
    mistakes += [one for file in files.values() for one in message_templates(file, ())]
    if mistakes:
        raise BadInput(in_file_order(mistakes))
    return {name: file.message for name, file in files.items() if file.message is not None}


def _read(
    folders: Iterable[tuple[Path, str | None]], read: Callable[..., FileT], mistakes: list[Mistake]
) -> dict[str, FileT]:
    """Read every file in `folders`; those in a folder with a shown name are called by it."""
    files: dict[str, FileT] = {}
    for folder, shown in folders:
        try:
            for path in yaml_files(folder):
                files.pop(path.stem, None)
                name = str(path) if shown is None else f"{shown}/{path.name}"
                file = _read_one(read, path, name, mistakes)
                if file is not None:
                    files[path.stem] = file
        except BadInput as error:
            mistakes += error.mistakes
    return files


def _read_one(read: Callable[..., FileT], path: Path, shown: str, mistakes: list[Mistake]) -> FileT | None:
    try:
        file = read(path, shown, ours=PRODUCT in path.parents)
    except BadInput as error:
        mistakes += error.mistakes
        return None
    mistakes += file.mistakes
    return file


def _across(runbooks: Mapping[str, RunbookFile], messages: Mapping[str, MessageFile]) -> Iterable[Mistake]:
    """Find what is wrong between files: runbooks that use one another, messages that name what no runbook gives."""
    yield from used_runbooks(runbooks)
    own = [message for message in messages.values() if not message.ours]
    given: set[str] = set()
    for file in runbooks.values() if own else ():
        given.update(() if file.runbook is None else file.runbook.parameters)
        for _, text in templates_in(file.source.value, ()):
            given.update(names_passed(text) if "message(" in text else ())
    for message in own:
        yield from message_templates(message, given)
