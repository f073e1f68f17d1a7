from __future__ import annotations

import contextlib
import string
import threading
from datetime import timedelta

import dns.message
import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.dns import Dns, PointArgs, RecordSet, host_name
from connectors.memory.dns import ZonesInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.rfc2136 import Rfc2136
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Endpoint, Zone
from tests.connectors.servers import SECRETS, lab_vault, occasion

ZONE = Zone(
    name="city.example", server=Endpoint(address="127.0.0.1", port=9), key_name="seawall.", key="env:TSIG"
)
NORTH, SOUTH = "127.0.1.10", "127.0.2.10"


class DnsContract:
    """What every world with `dns.*` must do, over the zone city.example."""

    @pytest.fixture
    def zones(self):
        raise NotImplementedError

    @pytest.fixture
    def zone(self) -> Zone:
        raise NotImplementedError

    @pytest.fixture
    def down(self, zone) -> Zone:
        raise NotImplementedError

    @pytest.fixture
    def other_key(self, zone) -> Zone:
        raise NotImplementedError

    @pytest.fixture
    def world(self, zones):
        with World(Dns(zones), vault=SecretsInMemory(SECRETS)) as world:
            yield world

    @pytest.fixture
    def login(self, world, zone):
        args = {"zone": zone, "name": "contract.city.example", "type": "A"}
        world.perform("dns.point", {**args, "to": NORTH}, occasion())
        return args

    def test_a_lookup_shows_what_the_zones_own_server_has(self, world, login):
        records = world.perform("dns.lookup", login, occasion())
        assert (records.value, records.values, records.ttl) == (NORTH, (NORTH,), timedelta(seconds=30))
        assert str(records) == f"contract.city.example is {NORTH}"

    def test_a_name_that_is_not_there_has_no_values(self, world, zone):
        records = world.perform("dns.lookup", {"zone": zone, "name": "nowhere.city.example"}, occasion())
        assert (records.value, records.values, records.ttl) == (None, (), None)

    def test_a_name_points_where_it_was_told_and_says_where_it_pointed(self, world, login):
        args = {**login, "to": SOUTH, "ttl": "10s", "expected_now": (NORTH,)}
        assert world.perform("dns.is-pointed", args, occasion()).holds is False
        pointed = world.perform("dns.point", args, occasion())
        assert (pointed.to, pointed.was, pointed.changed) == (SOUTH, (NORTH,), True)
        proof = world.perform("dns.is-pointed", args, occasion())
        assert (proof.holds, proof.stand_in().to) == (True, SOUTH)
        assert world.perform("dns.lookup", login, occasion()).ttl == timedelta(seconds=10)

    def test_pointing_again_sends_nothing(self, world, login):
        assert world.perform("dns.point", {**login, "to": NORTH}, occasion()).changed is False

    def test_a_name_that_points_elsewhere_than_expected_is_left_alone(self, world, login):
        args = {**login, "to": SOUTH, "expected_now": ("127.0.9.9", "127.0.9.8")}
        with pytest.raises(WrongTarget, match=r"it is 127\.0\.1\.10 and not 127\.0\.9\.8 or 127\.0\.9\.9"):
            world.perform("dns.point", args, occasion())
        new = {**args, "name": "brand-new.city.example"}
        with pytest.raises(WrongTarget, match="it is nothing and not"):
            world.perform("dns.point", new, occasion())
        assert world.perform("dns.lookup", login, occasion()).value == NORTH

    def test_a_name_that_is_new_can_be_pointed(self, world, zone):
        args = {"zone": zone, "name": "new.city.example", "to": SOUTH}
        assert world.perform("dns.point", args, occasion()).to == SOUTH
        assert (
            world.perform("dns.lookup", {"zone": zone, "name": "new.city.example"}, occasion()).value == SOUTH
        )

    def test_an_alias_points_to_a_host_and_takes_no_address(self, world, zone):
        args = {"zone": zone, "name": "alias.city.example", "type": "CNAME"}
        assert (
            world.perform("dns.point", {**args, "to": "North.City.Example."}, occasion()).to
            == "north.city.example"
        )
        assert world.perform("dns.lookup", args, occasion()).value == "north.city.example"
        address = {**args, "type": "A"}
        assert world.perform("dns.lookup", address, occasion()).alias_of == "north.city.example"
        with pytest.raises(WrongTarget, match=r"CNAME of north\.city\.example"):
            world.perform("dns.point", {**address, "to": SOUTH}, occasion())
        assert world.perform("dns.lookup", args, occasion()).value == "north.city.example"

    def test_a_name_with_an_address_does_not_become_an_alias(self, world, login):
        args = {**login, "type": "CNAME", "to": "south.city.example"}
        with pytest.raises(DidNothing, match="left the name as it was"):
            world.perform("dns.point", args, occasion())
        assert world.perform("dns.lookup", login, occasion()).value == NORTH

    def test_an_empty_record_set_cannot_be_asked_for(self, world, login):
        for to in ("", " ", ()):
            with pytest.raises(DidNothing, match="do not fit"):
                world.perform("dns.point", {**login, "to": to}, occasion())
        assert world.perform("dns.lookup", login, occasion()).value == NORTH

    def test_a_key_the_server_does_not_take_changes_nothing_and_says_what_to_check(
        self, world, login, other_key
    ):
        with pytest.raises(DidNothing, match="does not take our key") as refusal:
            world.perform("dns.point", {**login, "zone": other_key, "to": SOUTH}, occasion())
        assert not isinstance(refusal.value, MayHaveActed)
        assert "key_name" in refusal.value.remedy
        assert world.perform("dns.lookup", login, occasion()).value == NORTH

    def test_a_zone_that_is_not_the_servers_is_the_wrong_target(self, world, zone):
        args = {"zone": zone.model_copy(update={"name": "town.example"}), "name": "login.town.example"}
        with pytest.raises(WrongTarget, match="not the one of this zone"):
            world.perform("dns.lookup", args, occasion())
        with pytest.raises(WrongTarget, match="not the one of this zone"):
            world.perform("dns.point", {**args, "to": SOUTH}, occasion())

    def test_a_server_that_does_not_answer_was_sent_nothing(self, world, login, down):
        for name, more in (("lookup", {}), ("point", {"to": SOUTH}), ("is-pointed", {"to": SOUTH})):
            with pytest.raises(Unreachable):
                world.perform(f"dns.{name}", {**login, "zone": down, **more}, occasion())

    def test_the_check_up_tries_the_key_without_changing_anything(
        self, zones, zone, down, other_key, in_time
    ):
        (line,) = Dns(zones).check([zone], in_time())
        assert (line.well, line.remedy) == (True, "")
        for bad in (down, other_key):
            (line,) = Dns(zones).check([bad], in_time())
            assert line.well is False
            assert line.remedy


class TestMemory(DnsContract):
    @pytest.fixture
    def zones(self):
        return ZonesInMemory({"city.example"}, keys={"seawall."}, down={DOWN})

    @pytest.fixture
    def zone(self):
        return ZONE

    @pytest.fixture
    def down(self, zone):
        return zone.model_copy(update={"server": DOWN})

    @pytest.fixture
    def other_key(self, zone):
        return zone.model_copy(update={"key_name": "other."})


DOWN = Endpoint(address="127.0.0.1", port=10)


@pytest.mark.lab
class TestLab(DnsContract):
    @pytest.fixture
    def zones(self):
        return Rfc2136(lab_vault())

    @pytest.fixture
    def zone(self, lab):
        return lab.zone

    @pytest.fixture
    def down(self, zone):
        return zone.model_copy(update={"server": ZONE.server})

    @pytest.fixture
    def other_key(self, zone):
        return zone.model_copy(update={"key": "env:OTHER_TSIG"})

    def test_a_key_name_the_server_does_not_know_is_refused(self, world, login, zone):
        unknown = zone.model_copy(update={"key_name": "nobody."})
        with pytest.raises(DidNothing, match="our key"):
            world.perform("dns.point", {**login, "zone": unknown, "to": SOUTH}, occasion())
        assert world.perform("dns.lookup", login, occasion()).value == NORTH

    def test_of_two_who_point_at_once_one_is_told_that_it_was_too_late(self, zones, zone, login):
        """Both read the same; the second finds its prerequisite gone."""
        both_have_read = threading.Barrier(2)

        class Meeting(Rfc2136):
            def replace(self, replacement, deadline):
                both_have_read.wait(10)
                super().replace(replacement, deadline)

        endings: list[str] = []

        def point(to: str) -> None:
            world = World(Dns(Meeting(lab_vault())))
            try:
                world.perform("dns.point", {**login, "to": to}, occasion())
                endings.append("pointed")
            except WrongTarget as error:
                endings.append(error.problem)

        threads = [threading.Thread(target=point, args=(to,)) for to in (SOUTH, "127.0.3.10")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(endings) == ["pointed", "somebody else changed the name at the same moment"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "login.town.example"},
        {"name": "citycity.example"},
        {"name": "-login.city.example"},
        {"name": "login..city.example"},
        {"type": "CNAME", "name": "city.example", "to": "a.example"},
        {"type": "AAAA"},
        {"to": "login.city.example"},
        {"to": "127.0.0.1\n"},
        {"ttl": "0s"},
        {"ttl": "30d"},
        {"ttl": "1500ms"},
        {"expected_now": ()},
        {"expected_now": ("x",)},
    ],
)
def test_what_fits_no_zone_is_refused_when_the_plan_is_made(change):
    args = {"zone": ZONE, "name": "login.city.example", "to": SOUTH}
    PointArgs.model_validate(args)
    with pytest.raises(ValidationError):
        PointArgs.model_validate({**args, **change})


@given(st.text(max_size=60) | st.text(alphabet=string.ascii_letters + '-._*\\" ;\n', max_size=260))
def test_a_host_name_is_refused_or_is_plain(text):
    try:
        name = host_name(text)
    except ValueError:
        return
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-_.")
    assert host_name(name) == name
    dns.name.from_text(name)


@given(st.sampled_from([(), (NORTH,), (NORTH, SOUTH)]), st.sampled_from([NORTH, SOUTH]), st.booleans())
def test_no_pointing_ever_leaves_a_name_with_nothing(before, to, expecting):
    zones = ZonesInMemory({"city.example"})
    if before:
        zones.records["login.city.example", "A"] = RecordSet(before, ttl=30)
    args = {
        "zone": ZONE,
        "name": "login.city.example",
        "to": to,
        "expected_now": (NORTH,) if expecting else None,
    }
    with contextlib.suppress(WrongTarget):
        World(Dns(zones)).perform("dns.point", args, occasion())
    assert zones.records.get(("login.city.example", "A"), RecordSet(())).values in {(to,), before}
