"""Disasters: what they leave nothing of, what they leave alone, and that what can be healed is whole again."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from drills.lab.errors import LabError, LabMisused
from drills.lab.faults import break_, heal
from drills.lab.layout import LabLayout
from drills.lab.processes import running
from drills.lab.remote import connect, run_on
from drills.lab.status import lab_status

STANDBY, PRIMARY = "south-db/login", "north-db/login"


def sql(lab: LabLayout, server: str, query: str):
    at = lab.servers[server]
    password = lab.credentials.read("db_seawall")
    with psycopg.connect(
        host=at.host.address,
        port=at.port,
        dbname="login",
        user=at.user,
        password=password,
        connect_timeout=30,
    ) as connection:
        return connection.execute(query.encode()).fetchone()


def until(holds, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def write(lab: LabLayout) -> int:
    """Write as a user does, again until it is taken, and return the number written."""
    seq = time.time_ns()
    line = {"writer": "w", "seq": seq, "at": datetime.now(UTC).isoformat()}
    until(lambda: httpx.post(f"http://{lab.front}/ledger", json=line, timeout=30).status_code == 200)
    return seq


def health_of(lab: LabLayout, site: str) -> tuple[int, object]:
    """Return what a site's service says of itself: the balancer has words of its own for one that it finds ill."""
    health = httpx.get(f"http://{lab.webs[site]}/healthz", timeout=30)
    return health.status_code, health.json()


def is_at(lab: LabLayout, server: str, seq: int) -> bool:
    return bool(sql(lab, server, f"SELECT count(*) FROM ledger WHERE seq = {seq}") == (1,))


def start_postgres(lab: LabLayout, site: str) -> None:
    data = lab.servers[f"{site}-db/login"].data_directory
    start = f"pg_ctl -D {data} -l postgresql.log -w start </dev/null >/dev/null"
    # What was killed just now may hold its memory for an instant still, and then PostgreSQL does not start.
    run_on(lab, f"{site}-db", f"{start} || {{ sleep 2; {start}; }}", within=30)


def power(lab: LabLayout, machine: str) -> str:
    password = lab.credentials.read("power_password")
    url = f"http://{lab.power}/redfish/v1/Systems/{machine}"
    return str(httpx.get(url, auth=("seawall", password), timeout=30).json()["PowerState"])


@pytest.fixture
def lab(own_lab):
    """This module's own lab, whole before and after each test."""
    assert lab_status(own_lab.folder).all_answer
    yield own_lab
    heal(own_lab.folder)
    for site in ("north", "south"):
        if not any(
            "/postgres" in one.command for one in running(own_lab.places) if one.machine == f"{site}-db"
        ):
            start_postgres(own_lab, site)
    until(lambda: lab_status(own_lab.folder).all_answer)


def alive(lab: LabLayout) -> set[str]:
    """Return the services that answer where they are watched."""

    def answers(url: str) -> bool:
        try:
            return httpx.get(url, timeout=30).status_code == 200
        except httpx.HTTPError:
            return False

    return {service for service, url in lab.watched_at.items() if answers(url)}


def test_what_answers_at_a_lost_site_is_lost_with_it_and_nothing_else_is(lab):
    everything, at_north = set(lab.watched_at), {"payment-account", "self-service", "website", "appointments"}
    assert alive(lab) == everything
    break_(lab.folder, "kill-site", "north")
    assert alive(lab) == everything - at_north
    heal(lab.folder)
    assert alive(lab) == everything


def test_a_supplier_can_be_lost_and_takes_nothing_of_ours_along(lab):
    break_(lab.folder, "kill-host", "supplier-register")
    assert set(lab.watched_at) - alive(lab) == {"citizen-register"}
    assert httpx.get(f"http://{lab.front}/healthz", timeout=30).status_code == 200


def test_a_lost_site_has_no_program_left_and_its_power_controller_says_so(lab):
    seq = write(lab)
    broken = break_(lab.folder, "kill-site", "north")
    assert broken.at <= datetime.now(UTC)
    assert not [one for one in running(lab.places) if one.machine.startswith("north-")]
    for machine in ("north-db", "north-web", "north-store"):
        assert power(lab, machine) == "Off"
    assert power(lab, "south-db") == "On"
    host = lab.hosts["north-db"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host.address, host.port), 30)
    assert httpx.get(f"http://{lab.front}/healthz", timeout=30).status_code == 503
    assert is_at(lab, STANDBY, seq)


def test_healed_machines_are_on_and_postgres_does_not_come_up_by_itself(lab):
    ports = {machine.name: machine.ports for machine in lab.machines}
    break_(lab.folder, "kill-site", "north")
    healed = heal(lab.folder, "north")
    assert healed.turned_on == ("north-db", "north-store", "north-web")
    assert run_on(lab, "north-db", "hostname", within=10) == "north-db"
    with pytest.raises(psycopg.OperationalError):
        sql(lab, PRIMARY, "SELECT 1")
    assert power(lab, "north-db") == "On"
    assert {machine.name: machine.ports for machine in LabLayout.load(lab.folder).machines} == ports
    start_postgres(lab, "north")
    assert is_at(lab, PRIMARY, write(lab))


def test_one_host_is_lost_and_the_rest_of_its_site_stays(lab):
    break_(lab.folder, "kill-host", "north-db")
    assert power(lab, "north-db") == "Off"
    assert power(lab, "north-web") == "On"
    assert health_of(lab, "north") == (503, {"error": "the database cannot be reached"})


def test_what_was_started_over_ssh_dies_with_its_host(lab):
    mark = "sleep 4711"
    with connect(lab, "north-web", within=10) as client:
        client.exec_command(f"setsid nohup {mark} </dev/null >/dev/null 2>&1 & disown")
        until(lambda: any(one.command == mark for one in running(lab.places)))
        break_(lab.folder, "kill-host", "north-web")
    assert not any(one.command == mark for one in running(lab.places))


def test_a_held_database_takes_connections_and_answers_nothing_until_it_is_healed(lab):
    break_(lab.folder, "stop-process", "north-db/postgres")
    at = lab.servers[PRIMARY]
    socket.create_connection((at.host.address, at.port), 30).close()
    assert health_of(lab, "north") == (503, {"error": "the database does not answer"})
    status = {machine.name: machine for machine in lab_status(lab.folder).machines}["north-db"]
    assert status.on
    assert status.stopped > 3
    assert heal(lab.folder, "north-db").continued > 3
    assert is_at(lab, PRIMARY, write(lab))


def test_a_held_service_is_let_go_again(lab):
    break_(lab.folder, "stop-process", "north-web")
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"http://{lab.webs['north']}/healthz", timeout=0.5)
    assert run_on(lab, "north-web", "hostname", within=10) == "north-web"
    assert heal(lab.folder).continued == 1
    write(lab)


def test_a_cut_link_keeps_writes_from_the_other_site_until_it_is_whole(lab):
    break_(lab.folder, "cut-link", "north-south")
    seq = write(lab)
    waiting = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), min(replay_lsn)) > 0 FROM pg_stat_replication"
    assert sql(lab, PRIMARY, waiting) in {(True,), (None,)}
    assert not is_at(lab, STANDBY, seq)
    assert heal(lab.folder, "north-south").link_restored
    until(lambda: is_at(lab, STANDBY, seq))


def test_a_long_cut_is_noticed_by_the_database_and_it_comes_back_by_itself(lab):
    break_(lab.folder, "cut-link", "south-north")
    until(lambda: sql(lab, PRIMARY, "SELECT count(*) FROM pg_stat_replication") == (0,), 30)
    seq = write(lab)
    assert heal(lab.folder).link_restored
    until(lambda: is_at(lab, STANDBY, seq))


def test_a_promoted_site_serves_through_the_front(own_lab):
    """The way a runbook goes, by hand; what the service had open to the standby takes writes at once."""
    lab = own_lab
    assert httpx.get(f"http://{lab.webs['south']}/healthz", timeout=30).status_code == 503
    break_(lab.folder, "kill-site", "north")
    sql(lab, STANDBY, "SELECT pg_promote(wait => false)")
    with socket.create_connection((lab.balancer.runtime.address, lab.balancer.runtime.port), 30) as runtime:
        runtime.sendall(b"set server login/south state ready; set server login/north state maint\n")
        runtime.recv(1000)
    until(lambda: httpx.get(f"http://{lab.front}/healthz", timeout=30).status_code == 200)
    assert is_at(lab, STANDBY, write(lab))


@pytest.mark.parametrize(
    ("fault", "target", "says"),
    [
        ("flood", "north", "kill-host, kill-site, stop-process, cut-link"),
        ("kill-host", "nowhere", "north-db"),
        ("kill-site", "nowhere", "north, south, witness"),
        ("stop-process", "north-db/mysql", "north-db/postgres"),
        ("cut-link", "north-witness", "north-south"),
    ],
)
def test_what_does_not_exist_is_not_broken(own_lab, fault, target, says):
    with pytest.raises(LabMisused, match=says):
        break_(own_lab.folder, fault, target)


def test_what_is_not_running_cannot_be_held(own_lab):
    break_(own_lab.folder, "kill-host", "north-web")
    with pytest.raises(LabMisused, match="not running"):
        break_(own_lab.folder, "stop-process", "north-web")


def test_there_is_nothing_to_break_where_there_is_no_lab(tmp_path):
    for do in (lambda: break_(tmp_path, "kill-site", "north"), lambda: heal(tmp_path)):
        with pytest.raises(LabError, match="no lab here"):
            do()
