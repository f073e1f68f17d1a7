"""An Ansible inventory in YAML: groups with `hosts`, `vars` and `children`. What is vaulted is never looked at."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from seawall.importing.ansible import WANTED, Groups, Value
from seawall.importing.decoding import TextFile
from seawall.yaml_source.nodes import compose, place

_KNOWN = ("hosts", "vars", "children")
_DEEPEST = 40
MOST_GROUPS = 20_000


def read_yaml_groups(file: TextFile, groups: Groups) -> None:
    """Take every group and host of the file into `groups`; mistakes go to its draft. Raises: BadInput, for no YAML."""
    root = compose(file.text, file.shown)
    reading = _Reading(file.shown, groups)
    if root is None:
        groups.draft.wrong(file.shown, "is empty", "Name the file that was meant")
    elif not isinstance(root, yaml.MappingNode):
        groups.draft.wrong(place(file.shown, root), "holds no groups", "Begin with a group, e.g. `all:`")
    else:
        for name, node, where in reading.entries(root):
            reading.group(name, node, where, 0)


class _Reading:
    """One reading of a file."""

    def __init__(self, shown: str, groups: Groups) -> None:
        self.shown, self.groups = shown, groups
        self._read = 0

    def entries(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, str]]:
        """Every key with what stands under it and its place; a key twice is a mistake."""
        seen: set[str] = set()
        for key, value in node.value:
            where = place(self.shown, key)
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                problem = (
                    "stands here for the second time" if isinstance(key, yaml.ScalarNode) else "is no name"
                )
                self.groups.draft.wrong(
                    where, f"`{getattr(key, 'value', '')!s:.40}` {problem}", "Keep one of the two"
                )
                continue
            seen.add(key.value)
            yield key.value, value, where

    def mapping(self, node: yaml.Node, where: str, called: str) -> yaml.MappingNode | None:
        """Return the node as a mapping; None for nothing, and for anything else, which is a mistake."""
        if isinstance(node, yaml.MappingNode):
            return node
        if not (isinstance(node, yaml.ScalarNode) and node.value in {"", "null", "~"}):
            remedy = "Write each as `name:` on a line of its own"
            self.groups.draft.wrong(where, f"`{called}` must hold names with colons", remedy)
        return None

    def group(self, name: str, node: yaml.Node, where: str, depth: int) -> None:
        """Take a group and those below it."""
        group = self.groups.group(name)
        self._read += 1
        if (
            depth > _DEEPEST or self._read > MOST_GROUPS
        ):  # an alias may stand for a whole tree, and for itself
            if self._read <= MOST_GROUPS + 1:
                self.groups.draft.wrong(where, "groups are nested beyond measure", "Nest them less deeply")
            return
        mapping = self.mapping(node, where, name)
        for key, value, place_of_key in () if mapping is None else self.entries(mapping):
            if key not in _KNOWN:
                remedy = "A group has `hosts`, `vars` and `children`"
                self.groups.draft.wrong(place_of_key, f"`{key}` is not known in a group", remedy)
                continue
            inner = self.mapping(value, place_of_key, key)
            if inner is None:
                continue
            if key == "vars":
                group.variables.update(wanted_in(inner, self.shown))
            for one, below, at in () if key == "vars" else self.entries(inner):
                if key == "children":
                    group.children.setdefault(one, at)
                    self.group(one, below, at, depth + 1)
                else:
                    variables = self.mapping(below, at, one)
                    self.groups.add(
                        name, one, {} if variables is None else wanted_in(variables, self.shown), at
                    )


def wanted_in(node: yaml.MappingNode, shown: str) -> dict[str, Value]:
    """Return the variables that are wanted; of the others not even the value is looked at."""
    found: dict[str, Value] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in WANTED:
            plain = isinstance(value, yaml.ScalarNode) and not value.tag.endswith("vault")
            found[key.value] = Value(value.value if plain else None, place(shown, key))
    return found
