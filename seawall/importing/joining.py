"""Lay what a spreadsheet calls its machines beside the hosts that other files name; each machine stands once."""

from __future__ import annotations

from seawall.importing.draft import SSH_PORT, Draft, FoundHost, FoundService, safe_name


def one_each(draft: Draft) -> None:
    """Leave out hosts at an address and port that another has: aliases of one machine, which is to stand once."""
    seen: dict[tuple[str, int], FoundHost] = {}
    for name, host in list(draft.hosts.items()):
        first = seen.setdefault((host.address.lower(), host.port or SSH_PORT), host)
        if first is not host:
            first.known_as |= host.known_as
            draft.notes.append(
                f"{host.said_in}: not taken: {name} is at the address of {first.name}, and so the same machine"
            )
            del draft.hosts[name]


def one_key_each(draft: Draft) -> None:
    """Take back a key that two hosts would have: by it the one could not be told from the other."""
    seen: dict[str, str] = {}
    for host in draft.hosts.values():
        if host.host_key is not None and seen.setdefault(host.host_key, host.name) != host.name:
            other = seen[host.host_key]
            draft.notes.append(
                f"{host.said_in}: no key taken for {host.name}: known_hosts has the key of {other} for it"
            )
            host.host_key = None


def join_hosts(draft: Draft) -> None:
    """Let services name hosts by what they stand under; a host that no file but the spreadsheet names is added."""
    known: dict[str, str] = {}
    for host in draft.hosts.values():
        for alias in (*sorted(host.known_as), *sorted(one.partition(".")[0] for one in host.known_as)):
            known.setdefault(alias, host.name)
    joining = _Joining(draft, known)
    for service in draft.services.values():
        for site, named in service.hosts.items():
            service.hosts[site] = list(
                dict.fromkeys(filter(None, (joining.host(one, site, service) for one in named)))
            )
        for site, one in list(service.database_hosts.items()):
            found = joining.host(one, site, service)
            if found is None:
                del service.database_hosts[site]
            else:
                service.database_hosts[site] = found
    for host in draft.hosts.values():
        sites = [group for group in host.groups if safe_name(group) in draft.sites]
        if host.site is None and len(sites) == 1:
            host.site = safe_name(sites[0])


class _Joining:
    """Hosts by what they are called."""

    def __init__(self, draft: Draft, known: dict[str, str]) -> None:
        self.draft, self.known = draft, known

    def host(self, called: str, site: str, service: FoundService) -> str | None:
        """Return the name of the host that is called so, added when it is new, and now known to stand at `site`."""
        lower = called.lower()
        first = "" if lower.replace(".", "").isdigit() else lower.partition(".")[0]
        name = self.known.get(lower) or self.known.get(first) or self._added(called, service)
        if name is None:
            return None
        host = self.draft.hosts[name]
        if host.site is not None and host.site != site:
            problem = f"{called} would stand at {site}, and stands at {host.site} elsewhere"
            self.draft.wrong(service.said_in, problem, "Correct the site of one of them")
            return None
        host.site = site
        return name

    def _added(self, called: str, service: FoundService) -> str | None:
        short = called if called.replace(".", "").isdigit() else called.partition(".")[0]
        name = safe_name(short)
        if name in self.draft.hosts:
            name = safe_name(called)
        if not name or name in self.draft.hosts or " " in called:
            self.draft.wrong(
                service.said_in, f"{called!r} is no name of a machine", "Write its host name or address"
            )
            return None
        self.draft.hosts[name] = FoundHost(name, called, service.said_in, known_as={called.lower(), name})
        self.known |= {called.lower(): name, name: name}
        return name
