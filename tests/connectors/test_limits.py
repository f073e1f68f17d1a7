"""Every call over a network ends by its deadline, whoever answers, and says what that did to the world."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from queue import SimpleQueue
from typing import Any

import pytest

from connectors.balancer import Balancers
from connectors.dns import Dns
from connectors.haproxy import Haproxy
from connectors.http import Http, Httpx
from connectors.limit import connected, read_ahead, within
from connectors.mail import Mail, Smtp
from connectors.memory.secrets import SecretsInMemory
from connectors.objects import Objects
from connectors.rfc2136 import Rfc2136
from connectors.s3 import S3
from connectors.slack import Slack, SlackSdk
from connectors.telling import Audiences
from seawall.actions import Effect, Proof, Seen, World
from seawall.errors import CallError, DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Balancer, Endpoint, MailRelay, SlackWorkspace, Store, Zone
from tests.connectors.servers import SECRETS, hanging_up, misbehaving, occasion, silent, trickling

LIMIT = 0.2
MESSAGE = {"subject": "s", "body": "b"}
PEOPLE = Audiences(addresses={"all": ("a@b.example",)}, channels={"all": "C0"})


def arguments(name: str, port: int) -> dict[str, Any]:
    """Something each action can be asked, of the server at `port`."""
    here = Endpoint(address="127.0.0.1", port=port)
    url = f"http://{here}"
    keys = {"access_key": "env:ACCESS", "secret_key": "env:SECRET"}
    store = Store(name="north-store", site="north", url=url, bucket="backups", **keys)
    zone = Zone(name="city.example", server=here, key_name="seawall.", key="env:TSIG")
    login = {"balancer": Balancer(name="front", runtime=here), "backend": "login"}
    south = {**login, "to": "south", "away_from": ("north",)}
    record = {"zone": zone, "name": "login.city.example"}
    letter = {"audience": "all", "message": MESSAGE}
    every: dict[str, dict[str, Any]] = {
        "objects.put": {"store": store, "key": "k", "text": "x"},
        "objects.is-there": {"store": store, "key": "k", "text": "x"},
        "objects.get": {"store": store, "key": "k"},
        "objects.head": {"store": store, "key": "k"},
        "objects.list": {"store": store},
        "balancer.state": login,
        "balancer.point": south,
        "balancer.is-pointed": south,
        "balancer.close": login,
        "balancer.is-closed": login,
        "dns.lookup": record,
        "dns.point": {**record, "to": "127.0.0.1"},
        "dns.is-pointed": {**record, "to": "127.0.0.1"},
        "http.get": {"url": url},
        "http.probe": {"url": url},
        "http.request": {"url": url, "method": "POST"},
        "email.send": letter,
        "slack.post": letter,
    }
    return every[name]


VAULT = SecretsInMemory(SECRETS)


@pytest.fixture(scope="module")
def wires():
    """Closed at the very end: a call that was given up may still be using them for a moment."""
    s3, web = S3(VAULT), Httpx()
    yield s3, web
    s3.close()
    web.close()


def world_at(port: int, wires: tuple[S3, Httpx]) -> World:
    s3, web = wires
    relay = MailRelay(address="127.0.0.1", port=port, sender="a@b.example")
    workspace = SlackWorkspace(url=f"http://127.0.0.1:{port}/api/", token="env:TOKEN")
    return World(
        Objects(s3),
        Balancers(Haproxy()),
        Dns(Rfc2136(VAULT)),
        Http(web, VAULT),
        Mail(relay, PEOPLE, Smtp(VAULT)),
        Slack(workspace, PEOPLE, SlackSdk(VAULT)),
        vault=VAULT,
    )


EVERY = sorted(world_at(9, (S3(VAULT), Httpx())))


@pytest.mark.lab  # it waits out a limit for each, which the fast tests have no time for
@pytest.mark.parametrize("conduct", [silent, hanging_up, trickling])
@pytest.mark.parametrize("name", EVERY)
def test_whoever_answers_badly_is_given_up_at_the_limit(name, conduct, wires):
    with misbehaving(conduct) as port:
        world = world_at(port, wires)
        ending = outcome(world, name, port, LIMIT)
        if isinstance(ending, MayHaveActed):
            assert world[name].effect is Effect.CHANGES
        elif isinstance(ending, Proof):
            assert ending.holds is not True
        else:
            assert type(ending) in {DidNothing, WrongTarget}


def outcome(world: World, name: str, port: int, limit: float) -> CallError | Seen:
    try:
        return world.perform(name, arguments(name, port), occasion(limit))
    except CallError as error:
        return error


@pytest.mark.parametrize("name", EVERY)
def test_where_nobody_answers_nothing_was_sent(name, wires):
    ending = outcome(world_at(9, wires), name, 9, 20)
    assert isinstance(ending, Unreachable) or (isinstance(ending, Proof) and ending.holds is False)


@pytest.mark.parametrize("name", EVERY)
def test_when_the_time_is_up_before_it_begins_nothing_is_sent(name, wires):
    heard: list[socket.socket] = []
    with misbehaving(heard.append) as port:
        ending = outcome(world_at(port, wires), name, port, 0)
    assert type(ending) is DidNothing or (isinstance(ending, Proof) and ending.holds is not True)
    assert heard == []


def test_what_a_call_raises_is_raised_to_who_made_it():
    def call():
        message = "from the other thread"
        raise KeyError(message)

    with pytest.raises(KeyError, match="from the other thread"):
        within(occasion().deadline, call, where="here", changes=True)


def test_what_comes_too_late_is_let_go():
    let_go: SimpleQueue[str] = SimpleQueue()
    goes_on = threading.Event()

    def call():
        goes_on.wait(10)
        return "an open connection"

    with pytest.raises(DidNothing, match="no answer"):
        within(occasion(0.05).deadline, call, where="here", changes=False, let_go=let_go.put)
    goes_on.set()
    assert let_go.get(timeout=60) == "an open connection"


def test_a_reader_who_stops_reading_stops_the_fetching():
    fetched = []

    def chunks():
        for number in range(1000):
            fetched.append(number)
            yield b"x"

    reading = read_ahead(chunks(), occasion().deadline, "here", depth=2)
    assert next(reading) == b"x"
    reading.close()  # type: ignore[attr-defined]
    count = -1
    while count != len(fetched):
        count = len(fetched)
        time.sleep(
            0.05
        )  # until the fetching thread has seen it; it must, since only so much is fetched ahead
    assert count < 10


@pytest.mark.slow  # waits its limit out
def test_chunks_that_never_come_end_the_reading_at_the_limit():
    def chunks():
        yield b"x"
        time.sleep(2)
        yield b"y"

    reading = read_ahead(chunks(), occasion(LIMIT).deadline, "here")
    assert next(reading) == b"x"
    with pytest.raises(DidNothing, match="no answer"):
        next(reading)


@pytest.mark.parametrize(("address", "error"), [("localhost", None), ("nowhere.invalid", Unreachable)])
def test_a_name_is_resolved_before_anything_is_sent(address, error):
    with misbehaving(hanging_up) as port, contextlib.ExitStack() as stack:
        if error is not None:
            stack.enter_context(pytest.raises(error, match="leads nowhere"))
        endpoint = Endpoint(address=address, port=port)
        with connected(endpoint, occasion(5).deadline, "there") as line:
            assert line.getpeername()[1] == port
