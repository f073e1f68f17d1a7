"""A draft as the files of an inventory: readable, with `# gap:` where something is not known yet. Pure.

What a file told is written as data: quoted wherever YAML would read it as anything but that text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from seawall.importing.draft import SSH_PORT, Draft, FoundHost, FoundService
from seawall.model import duration_text

MOST_A_FILE = 2_000
"""Services, or hosts, in one file: a file that is larger than 2 MB is not read."""

_PLAIN = re.compile(r"[A-Za-zÆØÅæøå](?:[\w .()/+-]*[\w.)])?")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}
EntryT = TypeVar("EntryT")


def scalar(text: str) -> str:
    """Return a text as YAML reads it back.

    >>> scalar("Log ind"), scalar("=1+1"), scalar("no"), scalar("15")
    ('Log ind', '"=1+1"', '"no"', '"15"')
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda one: f"\\u{ord(one[0]):04x}", quoted)


def city_files(draft: Draft, name: str, title: str) -> Mapping[str, str]:
    """Return the text of every file of the inventory, by its name in `inventory/`."""
    files = {"city.yaml": _city(name, title), "sites.yaml": _sites(draft)}
    files |= _divided("hosts", draft.hosts.values(), _host(draft), _HOSTS)
    files |= _divided("services", draft.services.values(), _service, _SERVICES)
    files["people.yaml"] = _PEOPLE
    return files


def _city(name: str, title: str) -> str:
    return f"""\
# The city itself. `name` is what journals and messages call it.
city:
  name: {scalar(name)}
  title: {{en: {scalar(title)}, da: {scalar(title)}}}
  timezone: Europe/Copenhagen
"""


_PEOPLE = """\
# Who may act, and how each is reached. Plans and journals hold the name somebody stands under here, and nothing else
# of theirs. Roles that runbooks ask for: incident-commander, dr-manager, emergency-coordinator, duty-officer, engineer.
# gap: people
people: {}
"""
_HOSTS = """\
# The machines. A machine without `host_key` is never sent a command: see /etc/ssh/ssh_host_ed25519_key.pub on it.
# Keys are never written here, only where they are kept: file:/path, env:NAME, keyring:service/name, vault:path#key.
"""
_SERVICES = """\
# What citizens and the city's own people use, and what each leans on. `# gap:` names what is not known yet;
# `seawall check` says which of it to write next, and what is not possible until then.
"""


def _sites(draft: Draft) -> str:
    lines = ["# The places where services stand, and a third with a vote if there is one (`witness: true`)."]
    if not draft.sites:
        return "\n".join([*lines, "# gap: sites", "sites: {}", ""])
    lines.append("sites:")
    for name, title in draft.sites.items():
        lines += [f"  {scalar(name)}:", f"    title: {{en: {scalar(title)}, da: {scalar(title)}}}"]
        lines.append("    # gap: address, coordinates, failure_domains")
    return "\n".join([*lines, ""])


def _divided(
    section: str, entries: Iterable[EntryT], written: Callable[[EntryT], Iterator[str]], head: str
) -> Mapping[str, str]:
    """Write a section, in as many files as it takes."""
    rest, files = iter(entries), dict[str, str]()
    while these := list(islice(rest, MOST_A_FILE)):
        called = f"{section}.yaml" if not files else f"{section}-{len(files) + 1}.yaml"
        lines = [line for one in these for line in (*written(one), "")]
        files[called] = "\n".join([f"{head}{section}:", *lines])
    return files or {f"{section}.yaml": f"{head}{section}: {{}}\n"}


def _host(draft: Draft) -> Callable[[FoundHost], Iterator[str]]:
    servers: dict[str, list[str]] = {}
    for service in draft.services.values():
        for host in dict.fromkeys(service.database_hosts.values()):
            servers.setdefault(host, []).append(service.name)
    return lambda host: _machine(host, servers.get(host.name, ()))


def _machine(host: FoundHost, servers: Sequence[str]) -> Iterator[str]:
    yield f"  {scalar(host.name)}:"
    if host.groups:
        yield f"    # in the groups {_comment(', '.join(host.groups))}"
    if host.site is not None:
        yield f"    site: {scalar(host.site)}"
    yield f"    address: {scalar(host.address)}"
    if host.port not in {None, SSH_PORT}:
        yield f"    port: {host.port}"
    for field in ("user", "key", "host_key"):
        if (value := getattr(host, field)) is not None:
            yield f"    {field}: {scalar(value)}"
    yield from _gaps(field for field in ("site", "user", "key", "host_key") if getattr(host, field) is None)
    if servers:
        yield "    postgres:"
    for name in servers:
        yield f"      {scalar(name)}:"
        yield "        port: 5432 # PostgreSQL's own, until you say otherwise"
        yield "        # gap: data_directory, cluster_name, system_identifier and the rest"


def _service(one: FoundService) -> Iterator[str]:
    yield f"  {scalar(one.name)}: # {_comment(one.said_in)}"
    yield f"    title: {{en: {scalar(one.title)}, da: {scalar(one.title_da or one.title)}}}"
    yield from _text("without_it", one.without_it, one.without_it_da)
    yield from _text("instead", one.instead, one.instead_da)
    if one.tier is not None:
        yield f"    tier: {one.tier}"
    if one.needs:
        yield f"    needs: {_list(one.needs)}"
    yield from _supplier(one) if one.supplier is not None else _ours(one)
    if one.url is not None:
        yield f"    probe: {{read: {scalar(one.url)}, every: 30s}}"
    if one.supplier is None:
        yield from _targets(one)
    yield from _gaps(_lacking(one))


def _ours(one: FoundService) -> Iterator[str]:
    if one.site is not None:
        standby = (
            f", standby: {scalar(one.standby) if one.standby else 'null'}"
            if one.standby or one.no_standby
            else ""
        )
        yield f"    runs_at: {{active: {scalar(one.site)}{standby}}}"
    if one.hosts:
        listed = ", ".join(f"{scalar(site)}: {_list(hosts)}" for site, hosts in one.hosts.items())
        yield f"    machines: {{{listed}}}"
    if one.postgres:
        at = ", ".join(
            f"{scalar(site)}: {scalar(f'{host}/{one.name}')}" for site, host in one.database_hosts.items()
        )
        yield f"    database: {{engine: postgres, at: {{{at}}}}}"
    if one.other_engine is not None:
        yield f"    # its records are in {_comment(one.other_engine)}, which Seawall does not move by itself"


def _supplier(one: FoundService) -> Iterator[str]:
    said = {
        "supplier": scalar(one.supplier or ""),
        "telephone": None if one.telephone is None else scalar(one.telephone),
        "promised_rto": None if one.promised_rto is None else duration_text(one.promised_rto),
    }
    yield f"    run_by: {{{', '.join(f'{name}: {value}' for name, value in said.items() if value is not None)}}}"


def _targets(one: FoundService) -> Iterator[str]:
    said = {
        **{
            name: span and duration_text(span)
            for name, span in (("rto", one.rto), ("rpo", one.rpo), ("mtpd", one.mtpd))
        },
        "on": one.approved_on and one.approved_on.isoformat(),
    }
    if any(said.values()):
        yield f"    targets: {{{', '.join(f'{name}: {value}' for name, value in said.items() if value)}}}"


def _text(field: str, en: str | None, da: str | None) -> Iterator[str]:
    if en is None and da is not None:
        yield f"    {field}: # the English is the Danish until somebody translates it"
        yield f"      en: {scalar(da)}"
        yield f"      da: {scalar(da)}"
    elif en is not None:
        yield f"    {field}: {{en: {scalar(en)}{'' if da is None else f', da: {scalar(da)}'}}}"


def _lacking(one: FoundService) -> Iterator[str]:
    said: Sequence[tuple[str, object]] = (
        ("tier", one.tier),
        ("without_it", one.without_it or one.without_it_da),
        ("instead", one.instead or one.instead_da),
        ("runs_at", one.site or one.supplier),
        ("standby", one.standby or one.no_standby or one.supplier or one.site is None),
        ("reached_through", not one.postgres or one.standby is None or one.supplier),
        ("probe", one.url),
        ("targets", one.supplier),
    )
    return (name for name, known in said if not known)


def _gaps(lacking: Iterable[str]) -> Iterator[str]:
    if named := ", ".join(lacking):
        yield f"    # gap: {named}"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, names))}]"


def _comment(text: str) -> str:
    """Return a text as it may stand after `#`: on one line, and nothing an editor would not show."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", " ", text)
