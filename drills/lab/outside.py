"""The lab as the place of a drill: its users, its watch, its probe, its faults, and what survived.

Everything is looked at from outside: through the balancer as users come, past it as an auditor would, and in the
mailboxes where messages arrive.
"""

from __future__ import annotations

import email
import email.policy
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drills.detect import ProbeWrites, RunningProbe
from drills.lab.faults import break_, heal
from drills.lab.layout import LabLayout
from drills.lab.watching import RunningWatch
from drills.ledger import WriteId
from drills.ledger_running import RunningLedger
from drills.outside import Told
from drills.scenario import BreakGuard, CutLink, Fault, KillHost, KillSite, Load
from seawall.errors import SeawallError, Unreachable
from seawall.inventory import Inventory
from seawall.targets import Endpoint, Server

USERS_AT_MOST = timedelta(hours=2)
"""The users stop by themselves after this, should the drill be killed and its pipe to them be held by somebody."""
ANSWERS_WITHIN = 2.0


class LabOutside:
    """A lab that is up.

    Args:
        folder: the lab's.
        city: the inventory that names this lab's machines.

    Raises:
        LabMisused: there is no lab there. LabError: its description cannot be read.
    """

    def __init__(self, folder: Path, city: Inventory) -> None:
        self._layout, self._city = LabLayout.load(folder), city

    def users(self, load: Load, ledger: Path) -> RunningLedger:
        """Let users write through the balancer."""
        front, name = self._way_in(load.service)
        return RunningLedger(
            front, ledger, name=name, writers=load.writers, writes=load.writes, at_most=USERS_AT_MOST
        )

    def watch(self, service: str) -> RunningWatch:
        """Begin to write to each server of the service directly."""
        servers = {site: server.name for site, server in self._servers(service).items()}
        return RunningWatch(self._layout.folder, servers, at_most=USERS_AT_MOST)

    def probe(self, service: str) -> RunningProbe:
        """Begin to try the service by the rule of the inventory."""
        probe = self._city.services[service].probe
        if probe is None:
            raise SeawallError(
                f"{service} has no probe",
                where=service,
                remedy="Give it one in the inventory, with `write: ledger`",
            )
        front, name = self._way_in(service)
        # A writer of its own: what the probe writes is in nobody's ledger and is nobody's loss.
        return RunningProbe(probe, ProbeWrites(front, name, writer=secrets.randbelow(2**31)))

    def break_(self, fault: Fault) -> None:
        """Break something of the lab, and return when it is broken."""
        match fault:
            case KillSite():
                target = fault.site
            case KillHost() | BreakGuard():
                target = fault.host
            case CutLink():
                target = "-".join(fault.between)
            case _:
                target = f"{fault.host}/{fault.program}"
        break_(self._layout.folder, fault.break_, target)

    def heal(self) -> None:
        """Make everything whole again. PostgreSQL does not start by itself on a machine that was off."""
        heal(self._layout.folder)

    def rows(self, service: str) -> frozenset[WriteId]:
        """Return every write in the database at the site that answers to users now."""
        import psycopg

        server = self._servers(service).get(self._site_that_serves(service))
        if server is None:
            raise SeawallError(
                "the site that answers is none of the service's",
                where=service,
                remedy="Check its `database: at:`",
            )
        try:
            with psycopg.connect(
                host=server.host.address,
                port=server.port,
                dbname=server.database,
                user=server.user,
                password=self._layout.credentials.read("db_seawall"),
                connect_timeout=int(ANSWERS_WITHIN),
                options="-c statement_timeout=30s",
            ) as connection:
                found = connection.execute(
                    "SELECT writer::bigint, seq FROM ledger WHERE writer ~ '^[0-9]{1,18}$'"
                )
                return frozenset((int(writer), int(seq)) for writer, seq in found)
        except psycopg.Error as error:
            raise Unreachable(
                f"the database that serves cannot be read: {str(error).strip().splitlines()[0]}",
                where=str(server),
                remedy="See `seawall lab status`; nothing can be counted until it answers",
            ) from error

    def messages(self) -> Sequence[Told]:
        """Return every mail and every Slack message that arrived in the lab."""
        return sorted(
            (*_mails(self._layout.mailbox), *_posts(self._layout.slack_messages)), key=lambda one: one.at
        )

    def _way_in(self, service: str) -> tuple[Endpoint, str]:
        reached = self._city.services[service].reached_through
        if reached is None:
            raise SeawallError(
                f"nobody can reach {service}",
                where=service,
                remedy="Give it `reached_through:` in the inventory",
            )
        return self._city.balancers[reached.balancer].front, reached.name or service

    def _servers(self, service: str) -> Mapping[str, Server]:
        database = self._city.services[service].database
        return (
            {} if database is None else {site: self._city.server(name) for site, name in database.at.items()}
        )

    def _site_that_serves(self, service: str) -> str:
        front, _ = self._way_in(service)
        try:
            with urllib.request.urlopen(f"http://{front}/healthz", timeout=ANSWERS_WITHIN) as answer:
                return str(json.load(answer)["site"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = (
                f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            )
            raise Unreachable(
                f"nobody answers to users ({reason})", where=str(front), remedy="See `seawall lab status`"
            ) from error


def _mails(folder: Path) -> Iterator[Told]:
    for path in folder.glob("[0-9]*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        at = datetime.strptime(path.stem.partition("-")[2], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
        body = message.get_body(("plain",))
        texts = (str(message["Subject"]), *([body.get_content()] if body else []))
        for to in str(message["X-Envelope-To"]).split(", "):
            yield Told(at, "email", to, texts)


def _posts(file: Path) -> Iterator[Told]:
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        post = json.loads(line)
        first = post["blocks"][0].get("text", {}).get("text") if post["blocks"] else None
        texts = tuple(text for text in (post["text"], first) if text)
        yield Told(datetime.fromisoformat(post["at"]), "slack", post["channel"], texts)
