"""Whether each server of the lab really answers: it is asked something in its own language, not merely connected to."""

from __future__ import annotations

import functools
import json
import smtplib
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from drills.lab import alive
from drills.lab.errors import LabError
from drills.lab.layout import LabLayout, Machine
from drills.lab.lease import LEASED, seen
from drills.lab.plan import LINK, cut_file
from seawall.marks import MARK

LIMIT = 2.0
"""Seconds a server has to answer one question."""
_PAUSE = 0.02

Ask = Callable[[], str]
"""Ask a server something and return what it said, in a few words. Raises: any of its language's errors: no answer."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one server is asked. `name` is `machine/service`."""

    name: str
    how: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it. `saw` is what it said, or why that is no answer."""

    name: str
    how: str
    answers: bool
    saw: str


def looks(layout: LabLayout) -> Iterator[Look]:
    """Return one look a server."""
    for machine in layout.machines:
        kind = machine.name.partition("-")[2]
        for service in machine.ports:
            known = _LOOKS.get(f"{kind}/{service}") or _LOOKS.get(service)
            if known is not None:  # SeaweedFS's inner ports are nobody's to ask
                how, ask = known
                yield Look(f"{machine.name}/{service}", how, functools.partial(ask, layout, machine))
    link = layout.machine(LINK)
    yield Look(
        f"{LINK}/relays", "connected to each, unless it is cut", functools.partial(_link, layout, link)
    )


def answer(look: Look) -> Answered:
    """Ask once."""
    import dns.exception
    import psycopg

    try:
        return Answered(look.name, look.how, answers=True, saw=look.ask())
    except (
        OSError,
        EOFError,
        ValueError,
        psycopg.Error,
        dns.exception.DNSException,
        smtplib.SMTPException,
    ) as error:
        lines = str(error).strip().splitlines()
        return Answered(look.name, look.how, answers=False, saw=lines[0] if lines else type(error).__name__)


def answers(layout: LabLayout) -> tuple[Answered, ...]:
    """Ask every server, all at once."""
    with ThreadPoolExecutor(max_workers=16, thread_name_prefix="look") as at_once:
        return tuple(at_once.map(answer, looks(layout)))


def wait_until_answering(layout: LabLayout, name: str, within: timedelta, stop: Event | None = None) -> None:
    """Ask one server until it answers. Raises: LabError: it does not, or `stop` was set."""
    look = next(one for one in looks(layout) if one.name == name)
    _until(lambda: [answer(look)], layout, within, stop)


def wait_until_all_answer(layout: LabLayout, within: timedelta) -> None:
    """Ask every server until all answer. Raises: LabError: one does not."""
    _until(lambda: list(answers(layout)), layout, within, None)


def _until(
    ask: Callable[[], list[Answered]], layout: LabLayout, within: timedelta, stop: Event | None
) -> None:
    deadline = time.monotonic() + within.total_seconds()
    while silent := [one for one in ask() if not one.answers]:
        if time.monotonic() > deadline or (stop is not None and stop.is_set()):
            first = silent[0]
            machine = first.name.partition("/")[0]
            raise LabError(
                f"{first.name} does not answer ({first.how}): {first.saw}",
                where=machine,
                remedy=f"Read the logs in {layout.places.logs / machine}",
            )
        time.sleep(_PAUSE)


def _ssh(_layout: LabLayout, machine: Machine) -> str:
    at = machine.at("ssh")
    with socket.create_connection((at.address, at.port), LIMIT) as line:
        line.settimeout(LIMIT)
        banner = line.makefile("rb").readline(255).decode("ascii", "replace").strip()
    if not banner.startswith("SSH-2.0-"):
        message = f"it said {banner!r}"
        raise ValueError(message)
    return banner


def _postgres(layout: LabLayout, machine: Machine) -> str:
    import psycopg

    server = next(one for one in layout.servers.values() if one.host.name == machine.name)
    with psycopg.connect(
        host=server.host.address,
        port=server.port,
        dbname=server.database,
        user=server.user,
        password=layout.credentials.read("db_seawall"),
        connect_timeout=int(LIMIT),
        options=f"-c statement_timeout={int(LIMIT * 1000)}",
        autocommit=True,
    ) as connection:
        row = connection.execute(
            "SELECT pg_is_in_recovery(), (SELECT status FROM pg_stat_wal_receiver),"
            " (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming')"
        ).fetchone()
    assert row is not None
    return f"standby, {row[1] or 'not receiving'}" if row[0] else f"primary, {row[2]} standby streaming"


def _page(path: str, contains: str) -> Callable[[LabLayout, Machine], str]:
    return lambda _layout, machine: _get(f"http://{machine.at('http')}{path}", contains)


def _get(url: str, contains: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as reply:  # noqa: S310 - our own http address
            body = reply.read(10_000).decode()
    except urllib.error.HTTPError as error:
        with error:
            message = f"HTTP {error.code}: {error.read(200).decode(errors='replace').strip()}"
        raise ValueError(message) from error
    if contains not in body:
        message = f"its answer holds no {contains}"
        raise ValueError(message)
    return f"HTTP {reply.status}"


def _alive(machine: Machine, port: str) -> str:
    services = alive.STANDS[machine.site]
    for service in services:
        _get(f"http://{machine.at(port)}{alive.path(service)}", service)
    return f"{len(services)} services"


def _store(layout: LabLayout, machine: Machine) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    from drills.lab import store

    at = machine.at("s3")
    # Making a client costs 50 ms of the processor, and it is asked again and again until it is up.
    socket.create_connection((at.address, at.port), LIMIT).close()
    client = store.client(
        layout.stores[machine.name], layout.credentials, machine.site, within=timedelta(seconds=LIMIT)
    )
    try:
        buckets = [one["Name"] for one in client.list_buckets().get("Buckets", [])]
        # Started again, it lists its buckets and their keys before it finds any object: for that it answers 500.
        if store.PLACES_BUCKET in buckets:
            marks = client.list_objects_v2(Bucket=store.PLACES_BUCKET, Prefix=MARK).get("Contents", [])
            for one in marks:
                client.get_object(Bucket=store.PLACES_BUCKET, Key=one["Key"])["Body"].close()
        return f"{len(buckets)} buckets"
    except (BotoCoreError, ClientError) as error:
        raise ValueError(str(error)) from error
    finally:
        client.close()


def _runtime(_layout: LabLayout, machine: Machine) -> str:
    at = machine.at("runtime")
    with socket.create_connection((at.address, at.port), LIMIT) as line:
        line.settimeout(LIMIT)
        line.sendall(b"show servers state login\n")
        said = line.makefile("rb").read().decode()
    count = sum(" login " in row for row in said.splitlines())
    if not count:
        message = "it knows no server of login"
        raise ValueError(message)
    return f"{count} servers"


def _dns(layout: LabLayout, _machine: Machine) -> str:
    import dns.message
    import dns.query

    server = layout.zone.server
    question = dns.message.make_query(layout.zone.name, "SOA")
    reply = dns.query.udp(question, server.address, timeout=LIMIT, port=server.port)
    return f"serial {reply.answer[0][0].serial}"


def _smtp(_layout: LabLayout, machine: Machine) -> str:
    at = machine.at("smtp")
    with smtplib.SMTP(at.address, at.port, timeout=LIMIT) as client:
        client.ehlo()
        return f"{client.noop()[0]}"


def _slack(layout: LabLayout, _machine: Machine) -> str:
    token = layout.credentials.read("slack_token")
    asked = urllib.request.Request(  # noqa: S310 - our own http address
        f"{layout.slack.url}auth.test", data=b"", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=LIMIT) as reply:  # noqa: S310 - as above
        said = json.load(reply)
    if not said["ok"]:
        message = f"it said {said.get('error')}"
        raise ValueError(message)
    return f"ok, team {said['team']}"


def _link(layout: LabLayout, _machine: Machine) -> str:
    for route in layout.routes:
        with socket.socket() as probe:
            probe.settimeout(LIMIT)
            if cut_file(layout.places).exists():
                break
            probe.connect((route.enter.address, route.enter.port))
    return cut_file(layout.places).with_suffix(".state").read_text()


_LOOKS: Mapping[str, tuple[str, Callable[[LabLayout, Machine], str]]] = {
    "ssh": ("read its SSH banner", _ssh),
    "postgres": ("asked SQL whether it is a standby", _postgres),
    LEASED: ("read what its guard last wrote", seen),
    "pages": (
        "GET /, a file of the website",
        lambda _layout, machine: _get(f"http://{machine.at('pages')}/", "Havnby"),
    ),
    "web/http": ("GET /login, which reads its database", _page("/login", "Hej")),
    "services": (
        "GET /SERVICE/alive of each service that stands there",
        lambda _layout, machine: _alive(machine, "services"),
    ),
    "register/http": (
        "GET /SERVICE/alive of each service of the supplier's",
        lambda _layout, machine: _alive(machine, "http"),
    ),
    "s3": ("listed its buckets, and read its mark", _store),
    "front/http": ("GET /healthz through the balancer, which writes", _page("/healthz", "wrote")),
    "runtime": ("show servers state, on its runtime socket", _runtime),
    "dns": ("asked for the zone's serial number", _dns),
    "smtp": ("EHLO and NOOP", _smtp),
    "slack/http": ("auth.test", _slack),
    "power/http": ("GET /redfish/v1/", _page("/redfish/v1/", "RedfishVersion")),
}
