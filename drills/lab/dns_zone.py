"""A DNS zone that takes signed updates, as its own server holds it: all of an update or none, and kept over a restart.

Source: RFC 1034 4.3.2 (answers), RFC 2136 section 3 (updates: zone, prerequisites, prescan, change), RFC 8945 section 5
(TSIG: which error a wrong key, signature or time gets, and that such an answer is not signed).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.rrset
import dns.tsig
import dns.update
import dns.zone

_HEADER = 12
_LONGEST_CHAIN = 8
_UDP = 1232  # what a datagram may hold without EDNS saying more; DNS flag day 2020
_META = (dns.rdatatype.ANY, dns.rdatatype.AXFR, dns.rdatatype.IXFR)


class Refused(Exception):
    """The update is answered with this code, and nothing was changed."""

    def __init__(self, code: dns.rcode.Rcode) -> None:
        super().__init__(dns.rcode.to_text(code))
        self.code = code


class ZoneServer:
    """One zone, its key, and the file it is kept in."""

    def __init__(self, file: Path, origin: str, key: dns.tsig.Key) -> None:
        self._file, self._key = file, key
        self._origin = dns.name.from_text(origin)
        self._zone = dns.zone.from_file(str(file), origin=self._origin, relativize=False)

    def answer(self, wire: bytes, *, over_udp: bool) -> bytes | None:
        """Answer one message. None: it is no question, and gets no answer."""
        if len(wire) < _HEADER or wire[2] & 0x80:
            return None
        try:
            asked = dns.message.from_wire(wire, keyring={self._key.name: self._key})
        except (dns.message.UnknownTSIGKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm):
            return _not_signed(wire, dns.rcode.BADKEY)
        except dns.tsig.BadSignature:
            return _not_signed(wire, dns.rcode.BADSIG)
        except dns.tsig.BadTime:
            return _not_signed(wire, dns.rcode.BADTIME)
        except (dns.exception.DNSException, ValueError):
            return _header_only(wire, dns.rcode.FORMERR)
        reply = dns.message.make_response(asked)
        match asked.opcode():
            case dns.opcode.QUERY:
                self._look_up(asked, reply)
            case dns.opcode.UPDATE:
                assert isinstance(asked, dns.update.UpdateMessage)
                reply.set_rcode(self._update(asked))
            case _:
                reply.set_rcode(dns.rcode.NOTIMP)
        limit = max(_UDP, asked.payload if asked.edns >= 0 else 0) if over_udp else 65535
        return reply.to_wire(max_size=limit, prefer_truncation=True)

    def _look_up(self, asked: dns.message.Message, reply: dns.message.Message) -> None:
        if len(asked.question) != 1:
            reply.set_rcode(dns.rcode.FORMERR)
            return
        question = asked.question[0]
        if not question.name.is_subdomain(self._origin) or question.rdtype in _META:
            reply.set_rcode(dns.rcode.REFUSED)
            return
        reply.flags |= dns.flags.AA
        name = question.name
        for _ in range(_LONGEST_CHAIN):
            if self._zone.get_node(name) is None:
                # A name above an existing one exists too, with nothing at it.
                if not any(one.is_subdomain(name) for one in self._zone):
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            if (found := self._zone.get_rrset(name, question.rdtype)) is not None:
                reply.answer.append(found)
                return
            if (alias := self._zone.get_rrset(name, dns.rdatatype.CNAME)) is None:
                break
            reply.answer.append(alias)
            name = alias[0].target
            if not name.is_subdomain(self._origin):
                return
        soa = self._zone.get_rrset(self._origin, dns.rdatatype.SOA)
        assert soa is not None
        reply.authority.append(soa)

    def _update(self, asked: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        if not asked.had_tsig:
            return dns.rcode.REFUSED
        if len(asked.zone) != 1 or asked.zone[0].rdtype != dns.rdatatype.SOA:
            return dns.rcode.FORMERR
        if asked.zone[0].name != self._origin:
            return dns.rcode.NOTAUTH
        try:
            self._check_prerequisites(asked.prerequisite)
            self._prescan(asked.update)
        except Refused as refused:
            return refused.code
        for change in asked.update:
            self._apply(change)
        self._raise_serial()
        self._keep()
        return dns.rcode.NOERROR

    def _check_prerequisites(self, conditions: Sequence[dns.rrset.RRset]) -> None:
        exactly: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], set[Any]] = {}
        for one in conditions:
            self._in_zone(one.name)
            whole_name = one.rdtype == dns.rdatatype.ANY
            there = self._zone.get_node(one.name) if whole_name else self._records(one.name, one.rdtype)
            if one.deleting == dns.rdataclass.ANY and not there:
                raise Refused(dns.rcode.NXDOMAIN if whole_name else dns.rcode.NXRRSET)
            if one.deleting == dns.rdataclass.NONE and there:
                raise Refused(dns.rcode.YXDOMAIN if whole_name else dns.rcode.YXRRSET)
            if one.deleting is None:
                exactly.setdefault((one.name, one.rdtype), set()).update(one)
        for (name, kind), records in exactly.items():
            if self._records(name, kind) != records:
                raise Refused(dns.rcode.NXRRSET)

    def _prescan(self, changes: Sequence[dns.rrset.RRset]) -> None:
        for one in changes:
            self._in_zone(one.name)
            if one.deleting is None and dns.rdatatype.is_metatype(one.rdtype):
                raise Refused(dns.rcode.FORMERR)

    def _in_zone(self, name: dns.name.Name) -> None:
        if not name.is_subdomain(self._origin):
            raise Refused(dns.rcode.NOTZONE)

    def _records(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> set[Any]:
        return set(self._zone.get_rdataset(name, kind) or ())

    def _apply(self, change: dns.rrset.RRset) -> None:
        kept = (dns.rdatatype.SOA, dns.rdatatype.NS) if change.name == self._origin else ()
        match change.deleting:
            case dns.rdataclass.ANY:
                node = self._zone.get_node(change.name)
                kinds = [one.rdtype for one in node] if node else []
                for kind in kinds:
                    if kind not in kept and change.rdtype in {kind, dns.rdatatype.ANY}:
                        self._zone.delete_rdataset(change.name, kind)
            case dns.rdataclass.NONE:
                records = self._zone.get_rdataset(change.name, change.rdtype)
                if records is not None and change.rdtype not in kept:
                    left = [record for record in records if record not in change]
                    self._zone.delete_rdataset(change.name, change.rdtype)
                    if left:
                        rest = dns.rdataset.from_rdata_list(records.ttl, left)
                        self._zone.replace_rdataset(change.name, rest)
            case _:
                self._add(change)

    def _add(self, change: dns.rrset.RRset) -> None:
        node = self._zone.get_node(change.name)
        alias = dns.rdatatype.CNAME
        others = {one.rdtype for one in node} if node else set()
        # RFC 2136 3.4.2.2: an alias and other records do not come together, and neither replaces the other.
        if (change.rdtype == alias and others - {alias}) or (change.rdtype != alias and alias in others):
            return
        if change.rdtype in {alias, dns.rdatatype.SOA}:
            self._zone.delete_rdataset(change.name, change.rdtype)
        records = self._zone.find_rdataset(change.name, change.rdtype, create=True)
        for record in change:
            records.add(record)
        records.ttl = change.ttl

    def _raise_serial(self) -> None:
        soa = self._zone.find_rdataset(self._origin, dns.rdatatype.SOA)
        raised = soa[0].replace(serial=(soa[0].serial + 1) % 2**32)
        self._zone.replace_rdataset(self._origin, dns.rdataset.from_rdata(soa.ttl, raised))

    def _keep(self) -> None:
        fresh = self._file.with_suffix(".new")
        self._zone.to_file(str(fresh), relativize=False, want_origin=False)
        fresh.replace(self._file)


def _header_only(wire: bytes, code: int) -> bytes:
    # The question's number and opcode, "this is an answer", and the code; nothing else could be read.
    return wire[:2] + bytes([0x80 | wire[2] & 0x79, code & 0x0F]) + bytes(8)


def _not_signed(wire: bytes, error: dns.rcode.Rcode) -> bytes:
    """Answer NOTAUTH with a TSIG record that has the error and no signature."""
    asked = dns.message.from_wire(wire, keyring=False)
    reply = dns.message.make_response(asked)
    reply.set_rcode(dns.rcode.NOTAUTH)
    assert asked.tsig is not None
    tsig = asked.tsig[0]
    own = dns.rdtypes.ANY.TSIG.TSIG(  # type: ignore[no-untyped-call]
        dns.rdataclass.ANY,
        dns.rdatatype.TSIG,
        tsig.algorithm,
        tsig.time_signed,
        tsig.fudge,
        b"",
        asked.id,
        error,
        int(time.time()).to_bytes(6) if error == dns.rcode.BADTIME else b"",
    )
    reply.additional.append(dns.rrset.from_rdata(asked.tsig.name, 0, own))
    return reply.to_wire()
