"""The lab as a city: what the inventory says is what is there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import drills
from connectors.watcher import look_once
from connectors.watching import watched
from connectors.world import real_world
from drills.lab.inventory import FILE, write_inventory
from seawall.loading import load_inventory
from seawall.sightings import Condition
from seawall.theirs import services_of_suppliers


def test_the_written_city_loads_and_names_the_labs_own_targets(lab, tmp_path):
    written = write_inventory(lab, tmp_path / "inventory")
    city = load_inventory(tmp_path)
    assert written == tmp_path / "inventory" / FILE
    assert {name: city.host(name) for name in city.hosts} == lab.hosts
    assert {server.name: server for server in city.servers()} == lab.servers
    assert {name: city.store(name) for name in city.stores} == lab.stores
    assert city.balancer("front") == lab.balancer
    assert (city.balancers["front"].front, city.zones["city.example"]) == (lab.front, lab.zone)
    assert (city.mail, city.slack) == (lab.mail, lab.slack)
    assert {audience.slack for audience in city.audiences.values()} == set(lab.slack_channels)


def test_no_secret_is_written_into_it(lab, tmp_path):
    text = write_inventory(lab, tmp_path).read_text()
    for secret in lab.places.secrets.iterdir():
        if not secret.name.endswith(".pub"):
            assert secret.read_text().strip() not in text


def test_what_a_city_has_changed_stays(lab, tmp_path):
    (tmp_path / "people.yaml").write_text("people: {}\n")
    (tmp_path / FILE).write_text("hosts: {}\n")
    write_inventory(lab, tmp_path)
    assert (tmp_path / "people.yaml").read_text() == "people: {}\n"
    assert "north-db" in (tmp_path / FILE).read_text()


def probes(folder):
    return {
        name: one.probe.read for name, one in load_inventory(folder).services.items() if one.probe is not None
    }


def test_every_service_of_the_labs_city_is_seen_to_be_up(lab, tmp_path):
    write_inventory(lab, tmp_path / "inventory")
    city = load_inventory(tmp_path)
    with real_world(city) as world:
        seen = look_once(watched(city), world, {}, lambda: datetime.now(UTC))
    assert {
        name: (one.condition, one.saw) for name, one in seen.items() if one.condition is not Condition.UP
    } == {}
    assert set(seen) == set(city.services)


def test_a_suppliers_service_answers_where_no_host_of_ours_is(lab, tmp_path):
    write_inventory(lab, tmp_path / "inventory")
    city = load_inventory(tmp_path)
    (theirs,) = services_of_suppliers(city)
    ours = {host.address for host in city.hosts.values()}
    ours |= {one.front.address for one in city.balancers.values()}
    ours |= {str(urlsplit(one.url).hostname) for one in city.stores.values()}
    assert set(theirs.places).isdisjoint(ours)
    others = {name: urlsplit(read).hostname for name, read in probes(tmp_path).items() if read}
    assert {others.pop(theirs.service)}.isdisjoint(others.values())


def test_a_city_that_outlived_its_lab_is_watched_in_the_new_one(lab, tmp_path):
    folder = tmp_path / "inventory"
    write_inventory(lab, folder)
    services = folder / "services.yaml"
    whole = services.read_text()
    services.write_text(re.sub(r"(http://127\.0\.\d\.\d+):\d+", r"\1:1", whole))
    assert "http://127.0.4.90:1/" in services.read_text()
    write_inventory(lab, folder)
    assert services.read_text() == whole
    city = Path(drills.__file__).parent / "city" / "inventory"
    reference = (city / "services.yaml").read_text().splitlines()
    changed = [n for n, line in enumerate(whole.splitlines()) if line != reference[n]]
    assert len(changed) == len(lab.watched_at)


def test_an_address_of_the_citys_own_stays_and_so_does_a_file_that_cannot_be_read(lab, tmp_path):
    folder = tmp_path / "inventory"
    write_inventory(lab, folder)
    services = folder / "services.yaml"
    own = re.sub(
        r'"http://127\.0\.2\.20:\d+/digital-mail/alive"', '"http://127.0.0.1:8080/mine"', services.read_text()
    )
    services.write_text(own)
    (folder / "broken.yaml").write_text("services: [\n")
    write_inventory(lab, folder)
    assert services.read_text() == own
    assert (folder / "broken.yaml").read_text() == "services: [\n"
