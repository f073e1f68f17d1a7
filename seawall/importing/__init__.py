"""A city's inventory from what there is: a spreadsheet of services, an ssh configuration, an Ansible inventory.

What the files do not say is a gap, and nothing is made up for it. Nothing in them is executed, nothing looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from seawall.errors import BadInput
from seawall.importing.ansible import Groups
from seawall.importing.ansible_ini import read_ini
from seawall.importing.ansible_vars import read_beside
from seawall.importing.ansible_yaml import read_yaml_groups
from seawall.importing.decoding import TextFile, read_text_file
from seawall.importing.draft import Draft, safe_name
from seawall.importing.joining import join_hosts, one_each, one_key_each
from seawall.importing.known_hosts import KnownHosts, pin, read_known_hosts
from seawall.importing.services_csv import EXAMPLE, read_services
from seawall.importing.sources import KINDS, Kind, is_yaml, kind_of
from seawall.importing.ssh_config import read_ssh_config
from seawall.importing.writing import city_files
from seawall.model import Frozen, SecretRef

__all__ = ["EXAMPLE", "KINDS", "Imported", "Kind", "Login", "import_city"]


class Login(Frozen):
    """How Seawall logs in to a city's machines: the account, and where the private key is kept, never the key."""

    user: str | None = None
    key: SecretRef | None = None

    @classmethod
    def said(cls, user: str | None, key: str | None) -> Login:
        """Take what somebody said. Raises: BadInput, for a key that is no reference."""
        try:
            return cls(user=user, key=key)
        except ValidationError:
            remedy = "Write where it is kept: file:/path, env:NAME, keyring:service/name or vault:path#key"
            raise BadInput.one(
                "this does not say where a key is kept", where="--key", remedy=remedy
            ) from None


@dataclass(frozen=True, slots=True)
class Imported:
    """A city made from files.

    Attributes:
        files: the text of each file of its inventory, by name.
        read: what was read and as what.
        notes: what was left out, and why.
    """

    files: Mapping[str, str]
    read: tuple[str, ...]
    notes: tuple[str, ...]


def import_city(
    sources: Sequence[Path],
    *,
    called: str,
    kind: Kind | None = None,
    known_hosts: Sequence[Path] = (),
    login: Login | None = None,
    home: Path | None = None,
) -> Imported:
    """Make an inventory from files.

    Args:
        sources: the files, in any order.
        called: what the city is called, as people do.
        kind: what kind of files they are, where it cannot be told.
        known_hosts: files of OpenSSH's with the hosts' public keys.
        login: how Seawall logs in where no file says it.
        home: the home folder of whoever uses the ssh configuration.

    Raises:
        BadInput: with every mistake in every file.
    """
    draft = Draft()
    for path in sources:
        with _going_on(draft):
            _read(path, kind, draft, home or Path.home())
    known = KnownHosts()
    for path in known_hosts:
        with _going_on(draft):
            read_known_hosts(read_text_file(path), known, draft)
    one_each(draft)
    join_hosts(draft)
    login = login or Login()
    for host in draft.hosts.values():
        host.user, host.key = host.user or login.user, host.key or login.key
    if draft.mistakes:
        raise BadInput(dict.fromkeys(draft.mistakes))
    if known_hosts:
        pinned = pin(draft, known)
        one_key_each(draft)
        draft.read.append(f"host keys: {pinned} of {len(draft.hosts)} hosts found in known_hosts")
    name = safe_name(called) or "city"
    return Imported(city_files(draft, name, called or name), tuple(draft.read), tuple(draft.notes))


@contextmanager
def _going_on(draft: Draft) -> Iterator[None]:
    """Keep what is wrong with one file, so that the others are read too."""
    try:
        yield
    except BadInput as error:
        draft.mistakes += [one for one in error.mistakes if one not in draft.mistakes]


def _read(path: Path, kind: Kind | None, draft: Draft, home: Path) -> None:
    file = read_text_file(path)
    match kind_of(file, kind):
        case "csv":
            read_services(file, draft)
        case "ssh-config":
            read_ssh_config(file, draft, home=home)
        case "ansible":
            _read_ansible(file, draft)


def _read_ansible(file: TextFile, draft: Draft) -> None:
    groups, before = Groups(draft), len(draft.hosts)
    form = "YAML" if is_yaml(file) else "INI"
    (read_yaml_groups if form == "YAML" else read_ini)(file, groups)
    more = read_beside(file, groups)
    groups.finish()
    count = len(draft.hosts) - before
    beside = f", with {more} file{'' if more == 1 else 's'} of group_vars and host_vars" if more else ""
    draft.read.append(
        f"{file.shown}: {count} host{'' if count == 1 else 's'} in {len(groups.groups)} groups, {form}{beside}"
    )
    if not groups.hosts and not draft.mistakes:
        draft.wrong(file.shown, "names no host", "Name an inventory with hosts in it")
