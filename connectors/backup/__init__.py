"""Backups of PostgreSQL, taken, kept in stores, and proven by restoring them.

`record` what is written down of a backup and of its proof · `tools` PostgreSQL's own programs, run over a shell ·
`actions` what a runbook can ask for.
"""

from __future__ import annotations

from connectors.backup.actions import Backup
from connectors.backup.tools import PostgresTools

__all__ = ["Backup", "PostgresTools"]
