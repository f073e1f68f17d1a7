"""PostgreSQL: how servers are, fencing, promotion, coming back as a standby, backups proven by restoring.

`session` and `host` are the two wires: SQL, and a shell on the machine. `identity` is compared over both,
before anything is changed. `connector` lists the actions; one module a subject carries them out.
"""

from __future__ import annotations

from connectors.postgres.connector import Postgres

__all__ = ["Postgres"]
