"""Files on hosts: a web root looked at, compared with its copy, brought up to date, and the link to one release.

Every byte is compared by its SHA-256. What is copied goes from host to host through here, so neither must trust the
other; nothing is deleted unless that was asked for, and each file is replaced whole. The real wire is
`connectors.trees`; the one in memory is `connectors.memory.files`.

`tree` what there is and how it differs · `seen` what is asked and seen · `actions` what a runbook can ask for.
"""

from __future__ import annotations

from connectors.files.actions import Files
from connectors.files.tree import Entry, Tree, Trees

__all__ = ["Entry", "Files", "Tree", "Trees"]
