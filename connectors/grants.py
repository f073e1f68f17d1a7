"""The rights that Seawall's two database roles need, each alone: how it is given, and how it is seen.

No right here is a superuser's. Source: PostgreSQL 18 documentation, "Predefined Roles", pg_promote, pg_rewind
("functions the user must be granted"); src/backend/catalog/system_functions.sql for what PUBLIC may not call. What each
statement of ours uses was found by taking one right away at a time (tests/connectors/test_needs.py).
"""

from __future__ import annotations

from seawall.needs import Grant


def _member(role: str) -> Grant:
    return Grant(role, f"GRANT {role} TO {{role}};", f"pg_has_role({{role}}, '{role}', 'USAGE')")


def _execute(function: str) -> Grant:
    return Grant(
        f"EXECUTE on {function}",
        f"GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {{role}};",
        f"has_function_privilege({{role}}, 'pg_catalog.{function}', 'EXECUTE')",
    )


_PROBE_IS_THERE = (
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'seawall' AND c.relname = 'probe'"
)


def _on_probe(privilege: str) -> Grant:
    has = f"has_table_privilege({{role}}, c.oid, '{privilege}')"
    return Grant(
        f"{privilege} on seawall.probe",
        f"GRANT {privilege} ON seawall.probe TO {{role}};",
        f"coalesce((SELECT {has} {_PROBE_IS_THERE}), false)",
    )


CONNECT = Grant(
    "CONNECT on the database",
    "GRANT CONNECT ON DATABASE {database} TO {role};",
    "has_database_privilege({role}, current_database(), 'CONNECT')",
)
SETTINGS = _member("pg_read_all_settings")
"""`data_directory`, by which the right server is told from a wrong one, is shown to nobody else."""
STATS = _member("pg_read_all_stats")
"""Whether a standby receives, and from where to where, is shown to nobody else."""
CHECKPOINT = _member("pg_checkpoint")
PROMOTE = _execute("pg_promote(boolean, integer)")

SCHEMA = Grant(
    "USAGE on schema seawall",
    "CREATE SCHEMA IF NOT EXISTS seawall;\nGRANT USAGE ON SCHEMA seawall TO {role};",
    "coalesce((SELECT has_schema_privilege({role}, oid, 'USAGE') FROM pg_namespace WHERE nspname = 'seawall'), false)",
)
TABLE = Grant(
    "table seawall.probe",
    "CREATE TABLE IF NOT EXISTS seawall.probe (one boolean PRIMARY KEY CHECK (one), at timestamptz NOT NULL);",
    f"EXISTS (SELECT {_PROBE_IS_THERE})",
)
PROBE = (SCHEMA, TABLE, *map(_on_probe, ("SELECT", "INSERT", "UPDATE")))
"""One row, always the same one, is what a write is tried with. The table is made beforehand: no CREATE is needed."""

REPLICATION = Grant(
    "REPLICATION",
    "ALTER ROLE {role} REPLICATION;",
    "(SELECT rolreplication FROM pg_roles WHERE rolname = {role})",
)
REWIND = tuple(
    _execute(function)
    for function in (
        "pg_ls_dir(text, boolean, boolean)",
        "pg_stat_file(text, boolean)",
        "pg_read_binary_file(text)",
        "pg_read_binary_file(text, bigint, bigint, boolean)",
    )
)

ASK = (CONNECT, SETTINGS)
"""To say anything at all to the right server."""


def seen(grants: tuple[Grant, ...], role: str) -> str:
    """Return the question which of `grants` the role has: `right, granted` a row."""
    literal = "'" + role.replace("'", "''") + "'"
    values = ", ".join(
        f"('{grant.right.replace(chr(39), chr(39) * 2)}', ({grant.seen_by.replace('{role}', literal)})::boolean)"
        for grant in grants
    )
    return f"SELECT g.right_to, g.granted FROM (VALUES {values}) AS g (right_to, granted)"  # noqa: S608 - all of it ours
