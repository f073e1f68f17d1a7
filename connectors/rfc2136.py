"""Signed DNS updates as the wire of `connectors.dns`, with dnspython, over TCP.

Source: RFC 2136 section 2.4 (prerequisites: the update is made only while the record set is exactly the one named) and
3.4 (all of an update or none); RFC 8945 section 5.2 (errors of the key: unsigned, and nothing was done).
"""

from __future__ import annotations

import binascii
import socket
from typing import TYPE_CHECKING, Any

from connectors.dns import RecordSet, RecordType, Replacement, host_name
from connectors.limit import connected, unanswered
from seawall.actions import Deadline, Vault
from seawall.errors import CallError, DidNothing, Finding, WrongTarget
from seawall.targets import Zone

if TYPE_CHECKING:
    import dns.message
    import dns.name
    import dns.tsig

_KEY = "Check the zone's key_name, key and algorithm in the inventory against the server's"


class Rfc2136:
    """Zones on servers that take signed updates.

    What a call has sent cannot act after its limit: the kernel drops what was not taken in by then, the update says
    which records it replaces, and its signature is good for five minutes.
    """

    def __init__(self, secrets: Vault) -> None:
        self._secrets = secrets

    def look_up(self, zone: Zone, name: str, record: RecordType, deadline: Deadline) -> RecordSet:
        """Ask the zone's own server. See `connectors.dns.Zones`."""
        import dns.message
        import dns.rcode
        import dns.rdatatype

        question = dns.message.make_query(name, record)
        answer = self._ask(zone, question, deadline, changes=False)
        _expect_own(zone, answer)
        found = RecordSet(values=())
        for records in answer.answer:
            if host_name(records.name.to_text()) != name:
                continue
            values = tuple(sorted(_value(one) for one in records))
            if records.rdtype == dns.rdatatype.from_text(record):
                return RecordSet(values, ttl=records.ttl)
            if records.rdtype == dns.rdatatype.CNAME:
                found = RecordSet((), alias_of=values[0])
        return found

    def replace(self, replacement: Replacement, deadline: Deadline) -> None:
        """Send one signed update that names what it replaces. See `connectors.dns.Zones`."""
        import dns.rcode
        import dns.update

        zone, name = replacement.zone, _absolute(replacement.name)
        update = dns.update.UpdateMessage(_absolute(zone.name))
        if replacement.was:
            for value in replacement.was:
                update.present(name, replacement.type, _text(replacement.type, value))
        else:
            update.absent(name, replacement.type)
        update.replace(name, replacement.ttl, replacement.type, _text(replacement.type, replacement.to))
        update.use_tsig(self._key(zone))
        answer = self._ask(zone, update, deadline, changes=True)
        if answer.rcode() != dns.rcode.NOERROR:
            raise _refusal(replacement, answer.rcode())

    def serial(self, zone: Zone, deadline: Deadline) -> int:
        """Ask for the zone's serial number, signed. See `connectors.dns.Zones`."""
        import dns.message

        question = dns.message.make_query(_absolute(zone.name), "SOA")
        question.use_tsig(self._key(zone))
        answer = self._ask(zone, question, deadline, changes=False)
        _expect_own(zone, answer)
        return next(
            (int(one.serial) for records in answer.answer for one in records if hasattr(one, "serial")), 0
        )

    def _key(self, zone: Zone) -> dns.tsig.Key:
        import dns.tsig

        try:
            key = dns.tsig.Key(zone.key_name, self._secrets.secret(zone.key), zone.algorithm)
        except (binascii.Error, ValueError):
            problem = "the zone's key is not base64"
            raise DidNothing(problem, where=_place(zone), remedy=f"Look at {zone.key}") from None
        if key.algorithm not in dns.tsig.mac_sizes:
            problem = f"{zone.algorithm} is no algorithm for signing updates"
            raise DidNothing(problem, where=_place(zone), remedy="Write hmac-sha256, or what the server has")
        return key

    def _ask(self, zone: Zone, question: dns.message.Message, deadline: Deadline, *, changes: bool) -> Any:
        import dns.exception

        where = _place(zone)
        wire = question.to_wire()
        with connected(zone.server, deadline, where) as line:
            try:
                line.settimeout(deadline.left or 0.001)
                line.sendall(len(wire).to_bytes(2) + wire)
                answer = _receive(line, int.from_bytes(_receive(line, 2, deadline)), deadline)
            except (OSError, EOFError) as error:
                raise unanswered(where, changes=changes) from error
        try:
            return _read(question, answer, where, changes=changes)
        except dns.exception.DNSException as error:
            raise unanswered(
                where, changes=changes, saw=f"its answer cannot be read: {type(error).__name__}"
            ) from error


def _read(question: dns.message.Message, wire: bytes, where: str, *, changes: bool) -> dns.message.Message:
    import dns.exception
    import dns.message
    import dns.rcode
    import dns.tsig

    try:
        answer = dns.message.from_wire(wire, keyring=question.keyring, request_mac=question.mac)
    except (dns.tsig.PeerBadTime, dns.tsig.BadTime) as error:
        problem = "the server's clock and ours differ by more than five minutes"
        raise DidNothing(problem, where=where, remedy="Set both clocks right") from error
    except (dns.tsig.PeerBadKey, dns.tsig.PeerBadSignature, dns.tsig.PeerError) as error:
        problem = "the server does not take our key"
        raise DidNothing(problem, where=where, remedy=_KEY, finding=Finding.NOT_LET_IN) from error
    except (dns.tsig.BadSignature, dns.tsig.BadKey, dns.tsig.BadAlgorithm) as error:
        saw = "the answer is not signed with our key"
        raise unanswered(where, changes=changes, saw=saw) from error
    except dns.exception.FormError as error:
        unsigned = dns.message.from_wire(wire, keyring=False)
        if not question.had_tsig or unsigned.rcode() == dns.rcode.NOERROR:
            raise unanswered(where, changes=changes, saw="the answer is not signed") from error
        code = dns.rcode.to_text(unsigned.rcode())
        problem = f"the server refused with {code}, unsigned"
        raise DidNothing(problem, where=where, remedy=_KEY, finding=Finding.NOT_LET_IN) from error
    if not question.is_response(answer):
        raise unanswered(where, changes=changes, saw="what came is not the answer to what was asked")
    return answer


def _receive(line: socket.socket, count: int, deadline: Deadline) -> bytes:
    received = bytearray()
    while len(received) < count:
        if deadline.passed:
            raise TimeoutError
        line.settimeout(deadline.left or 0.001)
        more = line.recv(count - len(received))
        if not more:
            raise EOFError
        received += more
    return bytes(received)


def _expect_own(zone: Zone, answer: dns.message.Message) -> None:
    import dns.flags
    import dns.rcode

    code = answer.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} or not answer.flags & dns.flags.AA:
        said = dns.rcode.to_text(code) if code else "an answer that is not its own"
        problem = f"the server is not the one of this zone: {said}"
        raise WrongTarget(
            problem, where=_place(zone), remedy="Check the zone's name and server in the inventory"
        )


def _refusal(replacement: Replacement, code: int) -> CallError:
    import dns.rcode

    where = f"{replacement.name} in {_place(replacement.zone)}"
    said = dns.rcode.to_text(dns.rcode.Rcode(code))
    if code in {dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN}:
        problem = "somebody else changed the name at the same moment"
        return WrongTarget(problem, where=where, remedy="See who changed it, then plan again")
    if code in {dns.rcode.NOTAUTH, dns.rcode.NOTZONE}:
        problem = f"the server is not the one of this zone: {said}"
        return WrongTarget(problem, where=where, remedy="Check the zone's name and server in the inventory")
    if code == dns.rcode.SERVFAIL:
        return unanswered(where, changes=True, saw="the server failed")
    return DidNothing(
        f"the server refused with {said}",
        where=where,
        remedy="Let this key update this name there",
        finding=Finding.RIGHTS,
    )


def _absolute(name: str) -> dns.name.Name:
    import dns.name

    return dns.name.from_text(name)


def _text(record: RecordType, value: str) -> str:
    return f"{value}." if record == "CNAME" else value


def _value(record: Any) -> str:
    target = getattr(record, "target", None)
    return record.to_text() if target is None else host_name(target.to_text())


def _place(zone: Zone) -> str:
    return f"{zone.name} ({zone.server})"
