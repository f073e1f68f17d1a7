"""The lab as a city: what the inventory says is what is there."""

from __future__ import annotations

from drills.lab.inventory import FILE, write_inventory
from seawall.loading import load_inventory


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
