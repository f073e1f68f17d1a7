"""The zone's server: what RFC 2136 and 8945 ask of one that takes signed updates."""

from __future__ import annotations

import base64
import time

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update
import pytest

from drills.lab.dns_server import zone_text
from drills.lab.dns_zone import ZoneServer

SECRET = base64.b64encode(b"a key of thirty-two bytes, padded").decode()
OTHER = base64.b64encode(b"a key that the server has not got").decode()
KEY = dns.tsig.Key("seawall.city.example", SECRET, dns.tsig.HMAC_SHA256)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "zone"
    records = (("ns1", "A", "127.0.3.50"), ("login", "A", "192.0.2.80"), ("www", "CNAME", "login"))
    path.write_text(zone_text("city.example", records))
    return path


@pytest.fixture
def server(file):
    return ZoneServer(file, "city.example", KEY)


def ask(server, name, kind="A", *, over_udp=True):
    question = dns.message.make_query(name, kind)
    return dns.message.from_wire(server.answer(question.to_wire(), over_udp=over_udp))


def values(server, name, kind="A"):
    return sorted(record.to_text() for rrset in ask(server, name, kind).answer for record in rrset)


def an_update(key=KEY):
    update = dns.update.UpdateMessage("city.example")
    if key is not None:
        update.use_tsig(key)
    return update


def send(server, update, *, keyring=True):
    wire = server.answer(update.to_wire(), over_udp=False)
    return dns.message.from_wire(wire, keyring=update.keyring if keyring else False, request_mac=update.mac)


def code(server, update):
    return dns.rcode.to_text(send(server, update).rcode())


def test_it_answers_for_its_own_names_with_authority(server):
    answer = ask(server, "login.city.example")
    assert answer.flags & dns.flags.AA
    assert values(server, "login.city.example") == ["192.0.2.80"]
    assert answer.answer[0].ttl == 5


def test_an_alias_is_followed(server):
    assert values(server, "www.city.example") == ["192.0.2.80", "login.city.example."]


def test_a_name_that_does_not_exist_and_a_type_that_it_has_not_are_told_apart(server):
    nothing, no_mail = ask(server, "nobody.city.example"), ask(server, "login.city.example", "MX")
    assert (nothing.rcode(), no_mail.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    assert nothing.authority
    assert no_mail.authority
    assert not no_mail.answer


def test_others_names_are_refused(server):
    assert ask(server, "example.org").rcode() == dns.rcode.REFUSED


def test_a_signed_update_moves_a_name_and_the_answer_is_signed(server):
    update = an_update()
    update.replace("login", 5, "A", "198.51.100.80")
    answer = send(server, update)
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.had_tsig
    assert values(server, "login.city.example") == ["198.51.100.80"]
    assert values(server, "city.example", "SOA")[0].split()[2] == "2"


def test_an_update_outlives_the_server(server, file):
    update = an_update()
    update.replace("login", 5, "A", "198.51.100.80")
    assert code(server, update) == "NOERROR"
    assert values(ZoneServer(file, "city.example", KEY), "login.city.example") == ["198.51.100.80"]


def test_an_unsigned_update_is_refused_and_changes_nothing(server):
    update = an_update(key=None)
    update.replace("login", 5, "A", "198.51.100.80")
    assert dns.rcode.to_text(send(server, update, keyring=False).rcode()) == "REFUSED"
    assert values(server, "login.city.example") == ["192.0.2.80"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (dns.tsig.Key("nobody", SECRET, dns.tsig.HMAC_SHA256), dns.tsig.PeerBadKey),
        (dns.tsig.Key("seawall.city.example", OTHER, dns.tsig.HMAC_SHA256), dns.tsig.PeerBadSignature),
        (dns.tsig.Key("seawall.city.example", SECRET, dns.tsig.HMAC_SHA512), dns.tsig.PeerBadKey),
    ],
    ids=["another name", "another secret", "another algorithm"],
)
def test_a_wrong_key_is_told_which_of_its_parts_is_wrong(server, key, expected):
    update = an_update(key)
    update.replace("login", 5, "A", "198.51.100.80")
    with pytest.raises(expected):
        send(server, update)
    assert send(server, update, keyring=False).rcode() == dns.rcode.NOTAUTH
    assert values(server, "login.city.example") == ["192.0.2.80"]


def test_a_clock_that_is_wrong_is_said(server, monkeypatch):
    update = an_update()
    update.replace("login", 5, "A", "198.51.100.80")
    wire = update.to_wire()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    reply = server.answer(wire, over_udp=False)
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(reply, keyring=update.keyring, request_mac=update.mac)
    assert values(server, "login.city.example") == ["192.0.2.80"]


def test_prerequisites_hold_an_update_back(server):
    cases = {
        "NXRRSET": lambda update: update.present("login", "A", "192.0.2.99"),
        "YXRRSET": lambda update: update.absent("login", "A"),
        "NXDOMAIN": lambda update: update.present("nobody"),
        "YXDOMAIN": lambda update: update.absent("login"),
    }
    for expected, condition in cases.items():
        update = an_update()
        condition(update)
        update.replace("login", 5, "A", "198.51.100.80")
        assert code(server, update) == expected
    assert values(server, "login.city.example") == ["192.0.2.80"]


def test_prerequisites_that_hold_let_it_through(server):
    update = an_update()
    update.present("login", "A", "192.0.2.80")
    update.present("www")
    update.absent("login", "MX")
    update.absent("nobody")
    update.replace("login", 5, "A", "198.51.100.80")
    assert code(server, update) == "NOERROR"


def test_records_are_added_and_taken_away_one_by_one_or_all(server):
    steps = [
        (lambda update: update.add("login", 5, "A", "192.0.2.81"), ["192.0.2.80", "192.0.2.81"]),
        (lambda update: update.delete("login", "A", "192.0.2.80"), ["192.0.2.81"]),
        (lambda update: update.delete("login", "A"), []),
        (lambda update: update.add("login", 5, "A", "192.0.2.82"), ["192.0.2.82"]),
        (lambda update: update.delete("login"), []),
    ]
    for change, left in steps:
        update = an_update()
        change(update)
        assert code(server, update) == "NOERROR"
        assert values(server, "login.city.example") == left


def test_the_zones_own_records_cannot_be_taken_away(server):
    update = an_update()
    update.delete("city.example.")
    assert code(server, update) == "NOERROR"
    assert values(server, "city.example", "NS") == ["ns1.city.example."]
    assert values(server, "city.example", "SOA")


def test_an_alias_and_an_address_do_not_come_together(server):
    update = an_update()
    update.add("login", 5, "CNAME", "elsewhere")
    update.add("www", 5, "A", "192.0.2.81")
    assert code(server, update) == "NOERROR"
    assert values(server, "login.city.example") == ["192.0.2.80"]
    assert values(server, "www.city.example", "CNAME") == ["login.city.example."]


def test_an_update_of_another_zone_is_not_taken(server):
    update = dns.update.UpdateMessage("example.org", keyring=KEY)
    update.replace("login", 5, "A", "198.51.100.80")
    assert code(server, update) == "NOTAUTH"


def test_a_name_outside_the_zone_stops_the_whole_update(server):
    update = an_update()
    update.replace("login", 5, "A", "198.51.100.80")
    update.add("login.example.org.", 5, "A", "198.51.100.80")
    assert code(server, update) == "NOTZONE"
    assert values(server, "login.city.example") == ["192.0.2.80"]


@pytest.mark.parametrize("wire", [b"", b"short", bytes(12), b"\xff" * 40, bytes(11) + b"\x01"])
def test_what_is_no_question_does_no_harm(server, wire):
    server.answer(wire, over_udp=True)
    assert values(server, "login.city.example") == ["192.0.2.80"]


def test_an_answer_is_not_answered(server):
    reply = dns.message.make_response(dns.message.make_query("login.city.example", "A"))
    assert server.answer(reply.to_wire(), over_udp=True) is None


def test_what_it_does_not_do_it_says(server):
    question = dns.message.make_query("login.city.example", "A")
    question.set_opcode(dns.opcode.STATUS)
    reply = dns.message.from_wire(server.answer(question.to_wire(), over_udp=True))
    assert reply.rcode() == dns.rcode.NOTIMP
