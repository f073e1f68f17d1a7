"""The statements that give both database roles what they need, and no more; they may be run again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.rights.gathered import Rights, Role
from seawall.needs import Grant

_HEAD = """\
-- {title}
-- Run it once, on whichever of its servers is the primary now, as its administrator; the others get it by replication:
--   psql -X -v ON_ERROR_STOP=1 -d {database} -f {file}
-- It may be run again. It gives no right of a superuser, and no password: set those with \\password.
"""


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def statements(role: Role, grants: Iterable[Grant]) -> Iterator[tuple[Grant | None, str]]:
    """Yield the statements for one role, each with the grant it is for; the first makes the role."""
    name = identifier(role.name)
    there = f"EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role.name)})"
    yield None, f"DO $$ BEGIN IF NOT {there} THEN CREATE ROLE {name} LOGIN; END IF; END $$;"
    for grant in grants:
        # A grant's own text has braces of SQL in it, so these are replaced one by one and not formatted.
        yield (
            grant,
            grant.sql.replace("{role}", name).replace("{database}", identifier(role.database)).strip(),
        )


def files(rights: Rights) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of one file a database, for all the roles in it."""
    databases = _databases(rights)
    for (cluster, database), roles in databases.items():
        servers = sorted({server.name for role in roles for server in rights.servers[role]})
        alone = sum(key[1] == database for key in databases) == 1
        name = f"{database}.sql" if alone else f"{database}-{cluster}.sql"
        head = _HEAD.format(title=f"{database} ({', '.join(servers)})", database=database, file=name)
        yield name, "\n".join((head, *(_role(rights, role) for role in roles)))


def _databases(rights: Rights) -> dict[tuple[str, str], list[Role]]:
    found: dict[tuple[str, str], list[Role]] = {}
    for role in rights.roles:
        found.setdefault((role.cluster, role.database), []).append(role)
    return found


def _role(rights: Rights, role: Role) -> str:
    lines = [f"-- {' '.join(role.name.split())}; its password is the one behind {role.password}"]
    for grant, text in statements(role, rights.roles[role]):
        if grant is not None:
            lines.append(f"-- {grant.right}: {', '.join(rights.roles[role][grant])}")
        lines.append(text)
    return "\n".join((*lines, ""))
