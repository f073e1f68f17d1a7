"""One drill in the real lab, with a failover done by hand: what it measures must be what happened."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from drills.hold import hold_drill
from drills.lab.direct import SAID_NOTHING, DirectWrites
from drills.lab.errors import LabError
from drills.lab.faults import break_, heal
from drills.lab.inventory import write_inventory
from drills.lab.layout import LabLayout
from drills.lab.outside import LabOutside
from drills.lab.remote import run_on
from drills.lab.watching import RunningWatch
from drills.outside import Responded, SteadyClock
from drills.primaries import Look, doubles
from drills.scenario_files import PRODUCT, load_scenario
from seawall.inventory import Inventory
from seawall.journal import Outcome
from seawall.loading import load_inventory
from seawall.messages import MARK
from tests.conftest import a_lab
from tests.drills.outside_contract import OutsideContract

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab() -> Iterator[LabLayout]:
    with a_lab() as layout:
        yield layout


@pytest.fixture(scope="module")
def city(lab: LabLayout, tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    folder = tmp_path_factory.mktemp("city")
    write_inventory(lab, folder / "inventory")
    return load_inventory(folder)


@dataclass(frozen=True)
class ByHand:
    """Promotes the south and sends users and mail there, as somebody without a runbook would."""

    lab: LabLayout
    city: Inventory

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        declared = datetime.now(UTC)
        self._sql("south-db/login", "SELECT pg_promote(false)")
        self._balancer("set server login/south state ready; set server login/north state maint")
        changed = datetime.now(UTC)
        self._mail()
        return Responded(Path("runs/by-hand"), Outcome.DONE, declared, declared, (changed, datetime.now(UTC)))

    def _sql(self, server: str, query: str) -> None:
        at = self.lab.servers[server]
        password = self.lab.credentials.read("db_seawall")
        with psycopg.connect(
            host=at.host.address, port=at.port, dbname="login", user="seawall", password=password
        ) as connection:
            connection.execute(query.encode())

    def _balancer(self, command: str) -> None:
        runtime = self.lab.balancer.runtime
        with socket.create_connection((runtime.address, runtime.port), 2) as line:
            line.sendall(command.encode() + b"\n")
            line.recv(4096)

    def _mail(self) -> None:
        relay = self.lab.mail
        with smtplib.SMTP(relay.address, relay.port, timeout=5) as client:
            for person in self.city.audiences["coordinators"].people:
                letter = EmailMessage()
                letter["From"], letter["To"] = relay.sender, self.city.people[person].email
                letter["Subject"] = f"{MARK}: Login"
                letter.set_content(f"{MARK}\n\nLogin is served from the other site.\n")
                client.send_message(letter)


class TestLab(OutsideContract):
    @pytest.fixture
    def outside(self, lab, city):
        return LabOutside(lab.folder, city)

    @pytest.fixture
    def clock(self):
        return SteadyClock()

    @pytest.fixture(autouse=True)
    def _database_runs_again(self, lab):
        """A database does not start by itself on a machine that was off."""
        yield
        data = lab.servers["north-db/login"].data_directory
        start = f"pg_ctl -D '{data}' -l '{data}/../again.log' -w start </dev/null >/dev/null"
        run_on(lab, "north-db", f"pg_ctl -D '{data}' status >/dev/null || {start}", within=30)


def test_direct_writes_tell_a_primary_from_a_standby_from_one_that_is_held(lab):
    password = lab.credentials.read("db_seawall")
    north, south = (DirectWrites(lab.servers[f"{site}-db/login"], password) for site in ("north", "south"))
    try:
        assert (north(), south()) == (True, False)
        assert (north(), south()) == (True, False)
        break_(lab.folder, "stop-process", "south-db/postgres")
        began = time.monotonic()
        assert south() is None
        assert south() is None
        assert time.monotonic() - began < 20
    finally:
        heal(lab.folder)
        north.close()
        south.close()


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_starts_is_seen_to_take_no_write_at_every_moment(lab, how):
    """Looked at as fast as can be: whatever it says while it comes up is an answer.

    On a busy machine it may say nothing for longer than a look waits; that is unknown, and has to be.
    """
    south = lab.servers["south-db/login"]
    of_it = f"-D '{south.data_directory}' -w"
    start = f"pg_ctl {of_it} -l '{south.data_directory}/../again.log' start </dev/null >/dev/null"
    writes = DirectWrites(south, lab.credentials.read("db_seawall"))
    looks: list[bool | str] = []
    try:
        for _ in range(6):
            run_on(lab, "south-db", f"pg_ctl {of_it} -m {how} stop >/dev/null", within=30)
            writes.close()
            with ThreadPoolExecutor(1) as at_once:
                starting = at_once.submit(run_on, lab, "south-db", start, within=30)
                while not starting.done():  # which has a limit
                    took = writes()
                    looks.append(writes.unclear if took is None else took)
        assert set(looks) - {SAID_NOTHING} == {False}
    finally:
        writes.close()


def test_a_write_that_is_refused_for_want_of_a_right_tells_nothing_about_the_server(lab):
    server = lab.servers["north-db/login"].model_copy(update={"user": "app"})
    writes = DirectWrites(server, lab.credentials.read("db_app"))
    try:
        assert writes() is None
    finally:
        writes.close()


def test_a_watch_that_dies_leaves_what_it_saw_and_the_rest_is_unseen(lab):
    began = datetime.now(UTC)
    watch = RunningWatch(lab.folder, {"north": "north-db/login"}, at_most=timedelta(minutes=1))
    os.kill(watch.pid, signal.SIGKILL)
    looks = watch.stop()
    assert looks["north"][0].accepted is True
    assert watch.stop() == looks
    later = datetime.now(UTC) + timedelta(minutes=1)
    found = doubles({**looks, "south": [Look(began, later, accepted=None)]}, since=began, until=later)
    assert found.unseen_for > timedelta(seconds=30)


def test_a_watch_that_cannot_begin_says_why(lab):
    with pytest.raises(LabError, match=r"did not begin: .*north-db/nothing"):
        RunningWatch(lab.folder, {"north": "north-db/nothing"}, at_most=timedelta(minutes=1))


def test_a_site_is_lost_and_what_users_saw_is_measured(lab, city, tmp_path):
    scenario = load_scenario(PRODUCT / "lose-a-site.yaml", city)
    # Coming home needs the runbook; this drill ends with the machines whole again.
    scenario = scenario.model_copy(update={"afterwards": ("heal",)})
    outside = LabOutside(lab.folder, city)
    card = hold_drill(scenario, city, outside, ByHand(lab, city), tmp_path / "drill", show=print)
    assert card.verdict.kind == "passed", card.verdict.because
    assert card.rta is not None
    assert timedelta(seconds=2) < card.rta < timedelta(seconds=15)
    assert card.writes.acknowledged > 500
    assert card.writes.refused_tries > 50
    assert card.writes.lost is not None
    assert [phase.lasted is not None for phase in card.phases] == [True] * 4
    assert card.primaries is not None
    assert card.primaries.looks > 100
    assert {one.met for one in card.expectations} == {True}
    survivors = outside.rows("login")
    assert len(survivors) >= card.writes.acknowledged - card.writes.lost
