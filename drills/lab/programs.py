"""What each machine of the lab starts at boot. PostgreSQL is not among it, on purpose (see `machine`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drills.lab import alive, balancer, lease, store, website
from drills.lab.account import Account
from drills.lab.credentials import Credentials
from drills.lab.layout import LabLayout, Machine
from drills.lab.machine import PATH, Boot, Program
from drills.lab.plan import CHANNELS, KEY_NAME, POWER_USER, SITES, ZONE, controlled, cut_file, zone_file
from drills.lab.postgres import DATABASE
from drills.lab.software import Software


def boots(
    layout: LabLayout, uuids: Mapping[str, str], software: Software, account: Account
) -> Iterator[Boot]:
    """Yield what each machine starts."""
    programs = _Programs(layout, software, account)
    for machine in layout.machines:
        yield Boot(
            machine=machine.name,
            uuid=uuids[machine.name],
            uid=account.uid if account.switched else None,
            gid=account.gid if account.switched else None,
            programs=tuple(programs.of(machine)),
            adopts=not machine.name.endswith("-power"),
        )


@dataclass(frozen=True, slots=True)
class _Programs:
    layout: LabLayout
    software: Software
    account: Account

    def of(self, machine: Machine) -> Iterator[Program]:
        """Yield its programs; the one it is there for comes last."""
        if "ssh" in machine.ports:
            yield self._sshd(machine)
        home = self.layout.places.home(machine.name)
        match machine.name.partition("-")[2]:
            case "db":
                yield from lease.programs(self.layout, machine)
            case "web":
                yield self._pages(machine)
                yield from website.starts(home, active=machine.site == SITES[0])
                yield self._web(machine)
            case "store":
                yield store.program(self.software.weed, home, machine.address, machine.ports)
            case "front":
                yield balancer.program(self.software.haproxy, home)
            case "dns" | "mail" | "slack" | "power" | "register" as kind:
                small = {"dns": self._dns, "mail": self._mail, "slack": self._slack, "power": self._power}
                yield small.get(kind, self._alive)(machine)
            case "":
                relays = (f"{one.enter}={one.leads_to}" for one in self.layout.routes)
                yield _python("link", "--cut", str(cut_file(self.layout.places)), *relays)

    def _sshd(self, machine: Machine) -> Program:
        home = self.layout.places.home(machine.name)
        options: dict[str, object] = {
            "host-key": self._secret(f"host_key_{machine.name}"),
            "authorized": self._secret("ssh_key.pub"),
            "home": home,
            "path": f"{home / 'bin'}:{self.software.postgres}:{PATH}",
        }
        return self._server("sshd", machine, "ssh", options | self._rights())

    def _pages(self, machine: Machine) -> Program:
        shown = website.folder(self.layout.places.home(machine.name))
        options = {"site": machine.site, "folder": shown, **self._rights()}
        options["services-port"] = machine.ports["services"]
        return self._server("pages", machine, "pages", options, "--services", *alive.STANDS[machine.site])

    def _rights(self) -> dict[str, object]:
        """What a server is told that works with the rights of the servers' account."""
        if not self.account.switched:
            return {}
        return {"uid": self.account.uid, "gid": self.account.gid}

    def _web(self, machine: Machine) -> Program:
        door = self.layout.machine(f"{machine.site}-db").at(lease.LEASED)
        database = f"host={door.address} port={door.port} dbname={DATABASE} user=app application_name=web"
        options = {"site": machine.site, "database": database, "password-file": self._secret("db_app")}
        return self._server("web", machine, "http", options)

    def _mail(self, machine: Machine) -> Program:
        return self._server("mail", machine, "smtp", {"folder": self.layout.mailbox})

    def _slack(self, machine: Machine) -> Program:
        options = {"token-file": self._secret("slack_token"), "file": self.layout.slack_messages}
        return self._server("slack", machine, "http", options, "--channels", *CHANNELS)

    def _alive(self, machine: Machine) -> Program:
        return self._server("alive", machine, "http", {}, "--services", *alive.STANDS[machine.site])

    def _dns(self, machine: Machine) -> Program:
        options = {
            "zone": zone_file(self.layout.places),
            "origin": ZONE,
            "key-name": KEY_NAME,
            "key-file": self._secret("tsig"),
        }
        return self._server("dns_server", machine, "dns", options)

    def _power(self, machine: Machine) -> Program:
        options = {
            "lab": self.layout.folder,
            "username": POWER_USER,
            "password-file": self._secret("power_password"),
        }
        return self._server("power", machine, "http", options, "--machines", *controlled())

    def _server(
        self, module: str, machine: Machine, service: str, options: Mapping[str, object], *rest: str
    ) -> Program:
        named = {"address": machine.address, "port": machine.ports[service], **options}
        return _python(
            module, *(str(word) for name, value in named.items() for word in (f"--{name}", value)), *rest
        )

    def _secret(self, name: str) -> str:
        return str(Credentials(self.layout.places).path(name))


def _python(module: str, *options: str) -> Program:
    return Program(module, (sys.executable, "-m", f"drills.lab.{module}", *options))
