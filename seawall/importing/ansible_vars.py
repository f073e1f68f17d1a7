"""Variables beside an Ansible inventory: `group_vars/` and `host_vars/`, in plain YAML. What is vaulted is never read.

Names come from the folders and are held against the inventory's, so no name of a group leads anywhere else.

Source: Ansible's `host_group_vars` plugin (core 2.19): of NAME, NAME.yml, NAME.yaml and NAME.json the first there is
counts; when NAME is a folder, every such file below it in order, without hidden ones and those that end with `~`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import yaml

from seawall.errors import BadInput
from seawall.importing.ansible import Groups, Value
from seawall.importing.ansible_yaml import wanted_in
from seawall.importing.decoding import TextFile, read_text_file
from seawall.yaml_source.nodes import compose, place

_ENDINGS = ("", ".yml", ".yaml", ".json")
_VAULT = "$ANSIBLE_VAULT"
_DEEPEST = 10
MOST_FILES = 20_000


def read_beside(file: TextFile, groups: Groups) -> int:
    """Take what stands beside the inventory `file` into `groups`; mistakes and what is left out go to its draft.

    Returns:
        How many files were read.
    """
    count = 0
    for folder, names, into in (
        ("group_vars", {*groups.groups, "all", "ungrouped"}, groups.beside),
        ("host_vars", set(groups.hosts), groups.beside_hosts),
    ):
        count += _read(file.path.parent / folder, Path(file.shown).parent / folder, names, into, groups)
    return count


def _read(
    folder: Path, shown: Path, names: Collection[str], into: dict[str, dict[str, Value]], groups: Groups
) -> int:
    count = 0
    if not folder.is_dir():
        return count
    for name, path in sorted(_first_of_each(folder).items()):
        where = shown / path.name
        if name not in names:
            called = "group" if folder.name == "group_vars" else "host"
            groups.draft.notes.append(f"{where}: not read: the inventory has no {called} {name}")
            continue
        for one in _files(path, 0):
            variables = into.setdefault(name, {})
            variables.update(_variables(one, str(shown / one.relative_to(folder)), groups))
            count += 1
    return count


def _first_of_each(folder: Path) -> Mapping[str, Path]:
    """Return the file or folder of each name, as Ansible chooses between several."""
    there: dict[str, tuple[int, Path]] = {}
    for n, path in enumerate(_entries(folder)):
        if n == MOST_FILES:
            break
        ending = "" if path.is_dir() or path.suffix not in _ENDINGS else path.suffix
        name, rank = path.name.removesuffix(ending) if ending else path.name, _ENDINGS.index(ending)
        if name not in there or rank < there[name][0]:
            there[name] = (rank, path)
    return {name: path for name, (_, path) in there.items()}


def _files(path: Path, depth: int) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    elif depth < _DEEPEST:  # a link may lead back
        for one in _entries(path):
            if one.is_dir() or one.suffix in _ENDINGS:
                yield from _files(one, depth + 1)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(
            one for one in folder.iterdir() if not one.name.startswith(".") and not one.name.endswith("~")
        )
    except OSError as error:
        remedy = "Let whoever runs this read it, or move it away"
        raise BadInput.one(
            f"cannot be read: {(error.strerror or str(error)).lower()}", where=str(folder), remedy=remedy
        ) from error


def _variables(path: Path, shown: str, groups: Groups) -> dict[str, Value]:
    try:
        root = _root(path, shown, groups)
    except BadInput as error:
        groups.draft.mistakes += error.mistakes
        return {}
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value in {"", "null", "~"}):
        return {}
    if not isinstance(root, yaml.MappingNode):
        groups.draft.wrong(place(shown, root), "holds no variables", "Write each as `name: value`")
        return {}
    return wanted_in(root, shown)


def _root(path: Path, shown: str, groups: Groups) -> yaml.Node | None:
    """Return what a file holds; None of one that is empty or vaulted. Raises: BadInput."""
    if path.is_file() and path.stat().st_size == 0:
        return None
    file = read_text_file(path, shown=shown)
    if file.text.lstrip().startswith(_VAULT):
        groups.draft.notes.append(f"{shown}: not read: it is vaulted")
        return None
    return compose(file.text, shown)
