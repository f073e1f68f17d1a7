"""Files held in a dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.files import Entry, Tree
from connectors.memory.machines import MachinesInMemory
from seawall.actions import Deadline
from seawall.errors import WrongTarget
from seawall.targets import Host, WebRoot


@dataclass(slots=True)
class TreesInMemory(MachinesInMemory):
    """The folders and links of every machine.

    Attributes:
        folders: by host and path, everything below it.
        links: by host and path, where each leads.
    """

    folders: dict[tuple[str, str], dict[str, Entry]] = field(default_factory=dict)
    links: dict[tuple[str, str], str] = field(default_factory=dict)

    def look(self, host: Host, path: str, deadline: Deadline) -> Tree | None:
        """Read everything below a folder. See `connectors.files.Trees`."""
        self._reach(host, deadline)
        found = self.folders.get((host.name, path))
        return None if found is None else Tree(dict(found))

    def carry(self, source: WebRoot, target: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Copy these. See `connectors.files.Trees`."""
        self._reach(source.host, deadline)
        self._reach(target.host, deadline)
        ours = self.folders[source.host.name, source.path]
        theirs = self.folders.setdefault((target.host.name, target.path), {})
        theirs |= {name: ours[name] for name in names}

    def fetch(
        self, source: WebRoot, target: WebRoot, names: Sequence[str], key: str | None, deadline: Deadline
    ) -> None:
        """Copy these. See `connectors.files.Trees`."""
        del key  # every machine of this memory lets every other in
        self.carry(source, target, names, deadline)

    def remove(self, root: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Delete these. See `connectors.files.Trees`."""
        self._reach(root.host, deadline)
        for name in names:
            self.folders[root.host.name, root.path].pop(name, None)

    def link(self, host: Host, path: str, deadline: Deadline) -> str | None:
        """Tell where a link leads. See `connectors.files.Trees`."""
        self._reach(host, deadline)
        if (host.name, path) in self.folders:
            raise WrongTarget(f"{path} is no symbolic link", where=host.name, remedy="Make it a link")
        return self.links.get((host.name, path))

    def switch(self, host: Host, path: str, to: str, deadline: Deadline) -> None:
        """Let a link lead elsewhere. See `connectors.files.Trees`."""
        self._reach(host, deadline)
        if (host.name, to) not in self.folders:
            raise WrongTarget(f"there is nothing at {to}", where=host.name, remedy="Check the paths")
        self.links[host.name, path] = to
