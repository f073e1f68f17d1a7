"""A city's folder as values the core works with; every mistake in it at once, each with its place and its remedy.

A mistake reads `file:line:column: problem. Remedy.`, the file relative to the city's folder, and below it the line as
it should read where that can be known. Nothing is loaded in part. What only some loads need is imported by these alone:
settings and inventories are read at the start of nearly every command.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading.city_files import InventoryFiles, inventory_findings, read_inventory
from seawall.loading.model_mistakes import in_file_order, model_mistakes
from seawall.loading.shelf import PRODUCT, Shelf, read_shelf
from seawall.yaml_source import Loc, YamlSource, read_yaml

if TYPE_CHECKING:
    from seawall.loading.message_files import MessageFile
    from seawall.loading.own_action_files import OwnShelf
    from seawall.loading.runbook_files import RunbookFile
    from seawall.messages import Message
    from seawall.own_actions import Own
    from seawall.runbook import Runbook

__all__ = [
    "PRODUCT",
    "City",
    "load_city",
    "load_file",
    "load_inventory",
    "load_runbook",
    "load_runbooks",
    "load_templates",
    "open_city",
]

ModelT = TypeVar("ModelT", bound=BaseModel)


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
    _runbook_file: Callable[[str], RunbookFile] = field(repr=False)
    _own: OwnShelf | None = field(repr=False)

    @property
    def has_own(self) -> bool:
        """Whether there are files of actions of its own; where there are none, nothing about them needs loading."""
        return self._own is not None

    @cached_property
    def own(self) -> Own:
        """The city's own actions; those that nobody reviewed as they stand are withheld."""
        from seawall.own_actions import NOTHING_OWN

        return NOTHING_OWN if self._own is None else self._own.own

    @cached_property
    def unreviewed(self) -> tuple[Mistake, ...]:
        """The files of own actions that nobody reviewed as they stand: no reason to load nothing, and a mistake."""
        return () if self._own is None else tuple(self._own.unreviewed())

    @cached_property
    def findings(self) -> tuple[Mistake, ...]:
        """What is allowed and should still be known, e.g. backups that drown together with what they keep."""
        from seawall.loading.roles import unfilled_roles

        if not self.inventory.people:  # a gap, and said once as that
            return inventory_findings(self.inventory, self._files)
        files = (self._runbook_file(name) for name in self.runbooks)
        ours = [file for file in files if file.ours]
        return (*inventory_findings(self.inventory, self._files), *unfilled_roles(ours, self.inventory))

    def about_people(self, at: datetime) -> tuple[tuple[Mistake, ...], tuple[Mistake, ...]]:
        """Return what leaves somebody unasked or untold at an instant and soon after: mistakes, and what to know."""
        from seawall.loading.city_files import placed
        from seawall.loading.people_checks import findings_about_people, mistakes_about_people

        wrong = mistakes_about_people(self.inventory, self.templates, at)
        known = findings_about_people(self.inventory, at)
        first, second = (in_file_order(placed(self._files, one)) for one in (wrong, known))
        return tuple(first), tuple(second)

    def written(self, path: Loc, line: str) -> tuple[str, str, bool]:
        """Return where in the inventory `line` would stand, how it reads there, and whether a line there goes."""
        return self._files.adding(path, line)

    def place(self, runbook: str, path: Loc) -> str:
        """Return `file:line:column` of what stands at `path` in a runbook."""
        if runbook not in self.runbooks:
            return f"runbook {runbook}"
        return self._runbook_file(runbook).source.where(path)

    def broken(self) -> Iterator[str]:
        """Yield the city's own runbooks and messages that cannot be used; of a city loaded whole there are none."""
        from seawall.loading.drawer import OnDemand

        for one in (self.runbooks, self.templates):
            if isinstance(one, OnDemand):
                yield from one.broken()


def load_city(folder: Path) -> City:
    """Load the inventory, runbooks, messages and own actions of the city in `folder`.

    Raises:
        BadInput: it is no city's folder, or with every mistake in its files.
    """
    from seawall.loading.message_files import message_templates, read_message
    from seawall.loading.roles import unfilled_roles
    from seawall.loading.runbook_files import names_given, read_runbook, used_runbooks

    folder = Path(folder)
    mistakes: list[Mistake] = []
    inventory, files = None, None
    try:
        inventory, files = read_inventory(folder)
    except BadInput as error:
        mistakes += error.mistakes
    runbooks = read_shelf([(PRODUCT, None), (folder / "runbooks", "runbooks")], read_runbook)
    messages = read_shelf([(PRODUCT / "messages", None), (folder / "templates", "templates")], read_message)
    mistakes += [*runbooks.mistakes, *messages.mistakes, *used_runbooks(runbooks.files, runbooks.unread)]
    own = [message for message in messages.files.values() if not message.ours]
    given = names_given(runbooks.files.values()) if own else ()
    mistakes += [one for message in own for one in message_templates(message, given)]
    if inventory is not None:
        mistakes += unfilled_roles((file for file in runbooks.files.values() if not file.ours), inventory)
    shelf = _own_actions(folder, inventory)
    mistakes += () if shelf is None else shelf.mistakes
    if mistakes or inventory is None or files is None:
        raise BadInput(in_file_order(mistakes))
    read = runbooks.files.__getitem__
    return City(folder, inventory, _understood(runbooks), _messages(messages), files, read, shelf)


def open_city(folder: Path) -> City:
    """Open the city in `folder` for work: its inventory whole, its runbooks and messages each when it is asked for.

    At night one broken runbook must not stand in the way of every other. Asking for one that is broken raises BadInput
    with the mistakes in it; `load_city` finds all there are.

    Raises:
        BadInput: it is no city's folder, or with every mistake in its inventory and own actions.
    """
    from seawall.loading.drawer import Drawer, OnDemand
    from seawall.loading.message_files import read_message
    from seawall.loading.roles import unfilled_roles
    from seawall.loading.runbook_files import read_runbook

    folder = Path(folder)
    inventory, files = read_inventory(folder)
    runbooks = Drawer([(PRODUCT, None), (folder / "runbooks", "runbooks")], read_runbook)
    messages = Drawer([(PRODUCT / "messages", None), (folder / "templates", "templates")], read_message)
    shelf = _own_actions(folder, inventory)
    if shelf is not None and shelf.mistakes:
        raise BadInput(in_file_order(shelf.mistakes))

    def unasked(file: RunbookFile) -> Iterator[Mistake]:
        return iter(()) if file.ours else unfilled_roles([file], inventory)

    understood = OnDemand(runbooks, lambda file: file.runbook, unasked)
    templates = OnDemand(messages, lambda file: file.message)
    return City(folder, inventory, understood, templates, files, runbooks.file, shelf)


def _own_actions(folder: Path, inventory: Inventory | None) -> OwnShelf | None:
    """Read the city's own actions. Most cities have none, and need nothing of what reads them."""
    with contextlib.suppress(OSError):  # whoever reads it says why it cannot be looked at
        if not (folder / "actions").exists():
            return None
    from seawall.loading.own_action_files import read_own_actions

    return read_own_actions(folder, inventory)


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
    from seawall.loading.runbook_files import read_runbook

    file = read_runbook(Path(path), str(path))
    if file.mistakes or file.runbook is None:
        raise BadInput(in_file_order(file.mistakes))
    return file.runbook


def load_runbooks(folders: Sequence[Path]) -> Mapping[str, Runbook]:
    """Load the runbooks in `folders`; one in a later folder replaces its namesake in an earlier.

    Raises:
        BadInput: with every mistake in every file.
    """
    from seawall.loading.runbook_files import read_runbook, used_runbooks

    shelf = read_shelf([(Path(folder), None) for folder in folders], read_runbook)
    mistakes = [*shelf.mistakes, *used_runbooks(shelf.files, shelf.unread)]
    if mistakes:
        raise BadInput(in_file_order(mistakes))
    return _understood(shelf)


def load_templates(folders: Sequence[Path]) -> Mapping[str, Message]:
    """Load the messages in `folders`, by file name; one in a later folder replaces its namesake in an earlier.

    Raises:
        BadInput: with every mistake in every file.
    """
    from seawall.loading.message_files import message_templates, read_message

    shelf = read_shelf([(Path(folder), None) for folder in folders], read_message)
    mistakes = [
        *shelf.mistakes,
        *(one for file in shelf.files.values() for one in message_templates(file, ())),
    ]
    if mistakes:
        raise BadInput(in_file_order(mistakes))
    return _messages(shelf)


def _understood(shelf: Shelf[RunbookFile]) -> Mapping[str, Runbook]:
    return {name: file.runbook for name, file in shelf.files.items() if file.runbook is not None}


def _messages(shelf: Shelf[MessageFile]) -> Mapping[str, Message]:
    return {name: file.message for name, file in shelf.files.items() if file.message is not None}
