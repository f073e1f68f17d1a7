from __future__ import annotations

import contextlib
import socket

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import dns.tsig
import pytest

from connectors.dns import Dns
from connectors.memory.secrets import SecretsInMemory
from connectors.rfc2136 import Rfc2136
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.targets import Endpoint, Zone
from tests.connectors.servers import SECRETS, misbehaving, occasion

ZONE = Zone(
    name="city.example", server=Endpoint(address="127.0.0.1", port=9), key_name="seawall.", key="env:TSIG"
)
NORTH, SOUTH = "127.0.1.10", "127.0.2.10"


@contextlib.contextmanager
def scripted(**replies):
    """A name server of the zone whose answers to `query` and `update` are made by these functions, or are none."""

    def conduct(line: socket.socket) -> None:
        count = int.from_bytes(line.recv(2))
        asked = dns.message.from_wire(line.recv(count), keyring=KEYS)
        kind = "update" if asked.opcode() else "query"
        wire = replies[kind](asked) if kind in replies else None
        if wire is not None:
            line.sendall(len(wire).to_bytes(2) + wire)
        line.shutdown(socket.SHUT_RDWR)

    with misbehaving(conduct) as port:
        zone = ZONE.model_copy(update={"server": Endpoint(address="127.0.0.1", port=port)})
        yield {"zone": zone, "name": "login.city.example", "to": SOUTH}


KEYS = {dns.name.from_text("seawall."): dns.tsig.Key("seawall.", SECRETS["env:TSIG"], "hmac-sha256")}
OTHER = dns.tsig.Key("seawall.", SECRETS["env:OTHER_TSIG"], "hmac-sha256")


def own(asked: dns.message.Message, *, values=(NORTH,)) -> bytes:
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.AA
    answer.answer = [dns.rrset.from_text("login.city.example.", 30, "IN", "A", *values)]
    return answer.to_wire()


def says(code: dns.rcode.Rcode):
    def reply(asked):
        answer = dns.message.make_response(asked)
        answer.set_rcode(code)
        return answer.to_wire()

    return reply


def says_unsigned(code: dns.rcode.Rcode):
    def reply(asked):
        asked.tsig = None
        answer = dns.message.make_response(asked)
        answer.set_rcode(code)
        return answer.to_wire()

    return reply


def signed_by_another(asked):
    answer = dns.message.make_response(asked)
    answer.use_tsig(OTHER)
    answer.request_mac = asked.mac
    return answer.to_wire()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (lambda _: None, MayHaveActed),
        (lambda _: b"\x00" * 11, MayHaveActed),
        (lambda _: b"\xff" * 40, MayHaveActed),
        (signed_by_another, MayHaveActed),
        (says_unsigned(dns.rcode.NOERROR), MayHaveActed),
        (says(dns.rcode.SERVFAIL), MayHaveActed),
        (says(dns.rcode.REFUSED), DidNothing),
        (says_unsigned(dns.rcode.REFUSED), DidNothing),
        (says_unsigned(dns.rcode.NOTAUTH), DidNothing),
        (says(dns.rcode.NOTAUTH), WrongTarget),
        (says(dns.rcode.NXRRSET), WrongTarget),
        (says(dns.rcode.NOERROR), DidNothing),
    ],
)
def test_an_update_is_in_doubt_unless_its_answer_settles_it(reply, error):
    with scripted(query=own, update=reply) as args, pytest.raises(error) as raised:
        World(Dns(Rfc2136(SecretsInMemory(SECRETS)))).perform("dns.point", args, occasion(5))
    assert type(raised.value) is error
    assert raised.value.remedy


def test_an_update_whose_answer_is_lost_is_read_back():
    now = [NORTH]

    def update(asked) -> None:
        now[:] = [SOUTH]

    with scripted(query=lambda asked: own(asked, values=now), update=update) as args:
        pointed = World(Dns(Rfc2136(SecretsInMemory(SECRETS)))).perform("dns.point", args, occasion(5))
    assert pointed.to == SOUTH  # type: ignore[attr-defined]


def test_two_clocks_that_differ_are_named_as_the_cause():
    def late(asked):
        answer = dns.message.make_response(asked, tsig_error=dns.rcode.BADTIME)
        answer.set_rcode(dns.rcode.NOTAUTH)
        return answer.to_wire()

    with scripted(query=own, update=late) as args, pytest.raises(DidNothing, match="clock"):
        World(Dns(Rfc2136(SecretsInMemory(SECRETS)))).perform("dns.point", args, occasion(5))


@pytest.mark.parametrize(
    "reply", [says(dns.rcode.REFUSED), says(dns.rcode.NOERROR), says(dns.rcode.SERVFAIL)]
)
def test_who_does_not_answer_as_the_zones_own_server_is_the_wrong_target(reply):
    with scripted(query=reply) as args, pytest.raises(WrongTarget):
        World(Dns(Rfc2136(SecretsInMemory(SECRETS)))).perform("dns.point", args, occasion(5))


@pytest.mark.parametrize(
    ("change", "secret"),
    [({"algorithm": "hmac-nonsense"}, SECRETS["env:TSIG"]), ({}, "not base64!")],
)
def test_a_key_that_cannot_be_used_changes_nothing(change, secret):
    zones = Rfc2136(SecretsInMemory({"env:TSIG": secret}))
    with scripted(query=own) as args:
        zone = args["zone"].model_copy(update=change)
        with pytest.raises(DidNothing) as refusal:
            World(Dns(zones)).perform("dns.point", {**args, "zone": zone}, occasion(5))
    assert secret not in str(refusal.value)
