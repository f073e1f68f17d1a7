"""Which kind of file it is that a city is to be made from, told by its name and by what stands in it."""

from __future__ import annotations

import re
from typing import Literal, get_args

from seawall.errors import BadInput
from seawall.importing.ansible import WANTED
from seawall.importing.decoding import TextFile
from seawall.importing.table import looks_like_table

Kind = Literal["csv", "ssh-config", "ansible"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_SSH = re.compile(r"^\s*(host|match|include|hostname)(\s|=)", re.IGNORECASE)
_INI = re.compile(r"^\[[^\[\]=]+\]\s*([#;].*)?$")
_YAML = re.compile(r"^(---|['\"]?[\w.-]+['\"]?:(\s|$))")
_VAULT = "$ANSIBLE_VAULT"


def kind_of(file: TextFile, said: Kind | None) -> Kind:
    """Return the kind of a file: the one that was said, else what it is.

    Raises:
        BadInput: it cannot be told, or nothing can be read of it, such as a vault or a program.
    """
    lines = [line for line in file.text.splitlines() if line.strip()]
    first = next((line for line in lines if line.strip()[0] not in "#;"), lines[0])
    if lines[0].startswith(_VAULT):
        remedy = "Name the inventory itself; what is vaulted is never read"
        raise BadInput.one("is encrypted by Ansible Vault", where=file.shown, remedy=remedy)
    if lines[0].startswith("#!"):
        remedy = (
            "Run it yourself, e.g. `ansible-inventory --list --yaml > hosts.yaml`, and name what it wrote"
        )
        raise BadInput.one("is a program, and nothing is executed", where=file.shown, remedy=remedy)
    if lines[0].lstrip().startswith("{"):
        remedy = "Write it as YAML: `ansible-inventory --list --yaml > hosts.yaml`"
        raise BadInput.one("is JSON, which is not read", where=file.shown, remedy=remedy)
    kind = said or _told(file, first)
    if kind is None:
        remedy = f"Say which it is: --kind {', --kind '.join(KINDS)}"
        raise BadInput.one("it cannot be told what kind of file this is", where=file.shown, remedy=remedy)
    return kind


def is_yaml(file: TextFile) -> bool:
    """Tell whether an Ansible inventory is in YAML; otherwise it is in INI."""
    if file.path.suffix.lower() in {".yaml", ".yml"}:
        return True
    lines = (line.rstrip() for line in file.text.splitlines() if line.strip() and line.strip()[0] not in "#;")
    return _YAML.match(next(lines, "")) is not None


def _told(file: TextFile, first: str) -> Kind | None:
    suffix, name = file.path.suffix.lower(), file.path.name.lower()
    if suffix in {".csv", ".tsv"}:
        return "csv"
    if suffix in {".yaml", ".yml", ".ini"}:
        return "ansible"
    told: list[Kind] = []
    if _SSH.match(first) or (name in {"config", "ssh_config"} and not _INI.match(first)):
        told.append("ssh-config")
    if _INI.match(first) or _YAML.match(first) or any(f" {one}=" in file.text for one in WANTED):
        told.append("ansible")
    if looks_like_table(file.text):
        told.append("csv")
    return told[0] if len(told) == 1 else None
