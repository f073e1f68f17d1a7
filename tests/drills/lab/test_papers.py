"""What the lab gives to whoever writes an inventory of their own for its machines."""

from __future__ import annotations

import csv
import socket
from contextlib import closing
from itertools import islice

import pytest

from drills.lab.errors import LabError
from drills.lab.papers import FILES, write_papers
from drills.lab.ports import free_ports, ports_from
from seawall.importing import Login, import_city


def test_hosts_begun_from_the_papers_are_the_labs_by_address_and_key(lab, tmp_path):
    ssh_config, known_hosts, _ = write_papers(lab, tmp_path / "papers")
    made = import_city(
        [ssh_config], called="mine", kind=None, known_hosts=[known_hosts], login=Login.said(None, None)
    )
    text = made.files["hosts.yaml"]
    for name in ("north-db", "south-db"):
        host = lab.hosts[name]
        for said in (
            f"{name}:",
            host.address,
            f"port: {host.port}",
            f"user: {host.user}",
            host.key,
            host.host_key,
        ):
            assert said in text
    assert made.notes == ()


def test_the_list_says_where_everything_that_a_service_needs_is(lab, tmp_path):
    write_papers(lab, tmp_path)
    with (tmp_path / "machines.csv").open() as file:
        listed = {(row["machine"], row["what"]): row for row in csv.DictReader(file)}
    for site in ("north", "south"):
        row = listed[f"{site}-db", "PostgreSQL"]
        server = lab.servers[f"{site}-db/login"]
        assert (row["address"], row["port"]) == (server.host.address, str(server.port))
        assert row["number"] == server.host.power.uuid
    assert listed["witness-front", "HAProxy, where users come"]["port"] == str(lab.front.port)
    assert listed["witness-front", "HAProxy, its runtime socket"]["port"] == str(lab.balancer.runtime.port)
    assert listed["witness-mail", "mail relay"]["port"] == str(lab.mail.port)
    assert listed["witness-power", "power controller"]["port"] == str(lab.power.port)


def test_no_secret_is_in_the_papers(lab, tmp_path):
    texts = "".join(path.read_text() for path in write_papers(lab, tmp_path))
    assert len(FILES) == len(list(tmp_path.iterdir()))
    for secret in lab.places.secrets.iterdir():
        if not secret.name.endswith(".pub"):
            assert secret.read_text().strip() not in texts


def test_ports_in_order_are_as_asked_for_or_none():
    first = next(free_ports())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port} is taken"):
            list(islice(ports_from(port), 1))
    assert next(ports_from(first)) == first


def test_labs_that_are_made_side_by_side_choose_no_port_twice():
    with closing(free_ports()) as one:
        port = next(one)
        with pytest.raises(LabError, match=f"port {port} is taken"):
            next(ports_from(port))
        assert next(one) != port
    assert next(ports_from(port)) == port


def test_a_port_is_free_as_soon_as_nobody_listens_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        there = socket.create_connection(("127.0.0.1", port))
        here, _ = server.accept()
        here.close()  # whoever closes first keeps the port in TIME_WAIT
        there.close()
    assert next(ports_from(port)) == port
