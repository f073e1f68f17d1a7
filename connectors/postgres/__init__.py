"""PostgreSQL: how servers are, fencing, promotion, coming back as a standby, backups proven by restoring.

`session` and `host` are the two ways to a server: SQL, and a shell on its machine. `identity` is compared in both,
before anything is changed. `declared` is the list of actions; one module a subject carries them out.
"""

from __future__ import annotations

from connectors.postgres.connector import Postgres

__all__ = ["Postgres"]
