"""Each thing that breaks in the middle of a failover, on the real lab: what users get, and that nothing is done twice.

Full disks, a wrong target, a killed Prefect server and power cuts of the orchestrator have files of their own;
docs/evidence.md lists every fault with its test.
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from connectors.places import places_of
from connectors.secrets import Secrets
from drills.lab import faults
from drills.lab.layout import LabLayout
from drills.lab.processes import Running, running_on, send
from drills.primaries import Look
from seawall.errors import ExitCode
from seawall.evidence import LeaseExpired
from seawall.expiring import Leases
from seawall.journal import Approved, Asked, NotReplicated, Started, Succeeded
from seawall.journal_file import read_journal
from seawall.loading import load_inventory
from seawall.run_folder import RunFolder, read_state
from seawall.targets import Lease
from tests.conftest import a_lab
from tests.end_to_end.cities import GENEROUS, write_city_of_stories
from tests.end_to_end.patient import PATIENCE
from tests.end_to_end.scene import LIMIT, OTHER, Scene, begun, outcome, successes, until

pytestmark = [pytest.mark.lab, pytest.mark.matrix]

PATIENT = [sys.executable, "-m", "tests.end_to_end.patient"]
LONG_TERMS = [sys.executable, "-m", "tests.end_to_end.long_terms"]
SHORT = Lease(term=timedelta(seconds=4), drift=timedelta(milliseconds=400), renew=timedelta(milliseconds=800))
"""A lease that a test can wait for."""
CUT_FOR = timedelta(seconds=43)
"""More than four terms of the lab's own leases."""
STOPPED = 130


@pytest.fixture(scope="module")
def city_of_stories(lab: LabLayout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city of these stories: nothing in it is in a hurry."""
    folder = tmp_path_factory.mktemp("patient") / "city"
    write_city_of_stories(lab, folder, {**GENEROUS, "fence": "30s", "old-follows": "30s"})
    return folder


def hold(scene: Scene, machine: str) -> None:
    """Pause a machine: every program on it, the guard and the way in among them, stands still."""

    def stands() -> bool:
        going = [one for one in running_on(scene.lab.places, machine) if one.state != "T"]
        send(going, signal.SIGSTOP)
        return not going

    until(stands, f"{machine} standing still")


def assert_changed_once(run: RunFolder) -> None:
    """Assert that nothing was begun a second time, and no change has succeeded twice."""
    again = {one: times for one, times in Counter(begun(run)).items() if times > 1}
    assert again == {}
    assert {one for one in begun(run) if successes(run, one) > 1} == set()


# --- the machine of the primary


@pytest.mark.parametrize("how", ["killed", "held"])
def test_a_primary_whose_host_is_gone_is_fenced_by_its_power_and_comes_back_as_no_primary(scene: Scene, how):
    was, timeline = scene.primary(), scene.timeline()
    with scene.no_two_primaries():
        if how == "killed":
            scene.lab_break("kill-host", f"{was}-db")
        else:
            hold(scene, f"{was}-db")
        command, run = scene.move(OTHER[was], "disaster")
        scene.allow(run)
        ended = command.ended()
        assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
        assert scene.seawall("lab", "heal").code == ExitCode.DONE
        scene.check_serves(OTHER[was])
    assert read_state(run).seen["fence"]["evidence"]["kind"] == "powered-off"
    assert_changed_once(run)
    assert scene.primaries() == [OTHER[was]]
    assert scene.timeline() == timeline + 1


# --- SSH


def test_a_command_whose_ssh_hangs_after_it_was_sent_is_in_doubt_and_not_sent_again(scene: Scene):
    was, timeline = scene.primary(), scene.timeline()
    machine = f"{was}-db"
    with scene.no_two_primaries():
        command, run = scene.move(OTHER[was])
        scene.wait_until_asked(run, "fence")
        scene.hold_the_stop_of(was)  # so that it takes until SSH hangs
        scene.allow(run)
        until(lambda: scene.marked_as_standby(was), "the command at work there")
        hold_ssh(scene, machine)
        send([one for one in of_postgres(scene, machine) if one.state == "T"], signal.SIGCONT)
        until(lambda: not of_postgres(scene, machine), "the server ending, with nobody hearing of it")
        scene.wait_for(run, lambda one: isinstance(one, Asked) and (one.step, one.what) == ("fence", "doubt"))
        assert "promote" not in begun(run)
        assert scene.primaries() == []
        assert scene.seawall("lab", "heal").code == ExitCode.DONE
        command.process.send_signal(signal.SIGINT)
        assert command.ended().code == STOPPED
        said = scene.seawall("resume", run.id)
    assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
    assert_changed_once(run)
    assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
    assert scene.follows(was)
    scene.check_serves(OTHER[was])


def hold_ssh(scene: Scene, machine: str) -> None:
    """Hold the server and every session of it; what runs in the sessions goes on."""

    def stands() -> bool:
        going = [
            one
            for one in running_on(scene.lab.places, machine)
            if "drills.lab.sshd" in one.command and one.state != "T"
        ]
        send(going, signal.SIGSTOP)
        return not going

    until(stands, f"SSH on {machine} standing still")


def of_postgres(scene: Scene, machine: str) -> list[Running]:
    there = running_on(scene.lab.places, machine)
    return [
        one
        for one in there
        if one.command.partition(" ")[0].endswith("/postgres") or one.command.startswith("postgres: ")
    ]


# --- the store at the dead site


def test_the_store_of_a_dead_site_that_is_silent_delays_nothing(scene: Scene):
    """With five minutes for each answer of a place, whoever waits for the silent one does not come to the end."""
    scene.bring_home()
    took = {}
    for store in ("answers", "silent"):
        was, timeline = scene.primary(), scene.timeline()
        with scene.no_two_primaries():
            for machine in (f"{was}-db", f"{was}-web"):
                scene.lab_break("kill-host", machine)
            if store == "silent":
                let_its_lease_stand_everywhere(scene, f"{OTHER[was]}-db")
                scene.lab_break("stop-process", f"{was}-store")
            command, run = scene.move(OTHER[was], "disaster", program=PATIENT)
            scene.allow(run)
            ended = command.ended()
        assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
        assert (scene.primary(), scene.timeline()) == (OTHER[was], timeline + 1)
        scene.check_serves(OTHER[was])
        assert_changed_once(run)
        # Two of three places have every line that had to be there first.
        events = read_journal(run.journal_path)
        assert [one for one in events if isinstance(one, NotReplicated)] == []
        assert events[-1].at - events[0].at < PATIENCE
        yes = next(one.at for one in events if isinstance(one, Approved))
        promoted = next(one.at for one in events if isinstance(one, Succeeded) and one.step == "promote")
        took[store] = promoted - yes
        scene.bring_home()
    told = ", ".join(f"{store}: {one.total_seconds():.3f} s" for store, one in took.items())
    print(  # noqa: T201 - told, not judged
        f"from the yes to the new primary, with the dead site's store that ({told}): "
        f"{took['silent'] / took['answers']:.2f} times as long"
    )


def let_its_lease_stand_everywhere(scene: Scene, machine: str) -> None:
    """Let a guard say its word until all three places have it.

    A word that stands at the silent place and one other cannot be told from one that is being said: whoever reads it
    waits out the limit of the silent one, which is after the promotion and not what is looked at here.
    """
    server = scene.inventory.server(f"{machine}/login")
    places = places_of(scene.inventory, Secrets())
    assert places is not None
    leases = Leases(lambda: places, lambda: datetime.now(UTC))

    def everywhere() -> bool:
        word = leases.read(server)
        if len(leases.held_by(server, word)) == len(places.names):
            return True
        faults.break_(scene.lab.folder, "kill-guard", machine)
        faults.restart(scene.lab, machine, "guard")
        until(lambda: leases.read(server).number > word.number, "the guard saying its word")
        return False

    try:
        until(everywhere, "its word at every place")
    finally:
        places.close()


# --- the lease


@pytest.fixture(scope="module")
def leased_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A lab of its own whose leases are short, and its city; the primary is in the north."""
    with a_lab(lease=SHORT) as lab:
        city = tmp_path_factory.mktemp("leased") / "city"
        write_city_of_stories(lab, city, GENEROUS)
        yield Scene(lab, city, load_inventory(city), tmp_path_factory.mktemp("said"))


@pytest.fixture
def leased(leased_stage: Scene, tmp_path: Path) -> Iterator[Scene]:
    there = dataclasses.replace(leased_stage, folder=tmp_path, commands=[])
    until(there.is_whole, "users let in by the lease")
    assert there.primary() == "north"
    yield there
    there.bring_home()


def cut_for_good(scene: Scene, machine: str) -> None:
    """Nothing passes to the other site or to the places any more."""
    faults.break_(scene.lab.folder, "cut-link", "north-south")
    faults.break_(scene.lab.folder, "cut-guard-from-places", machine)


def to_the_guard(fault: str) -> Callable[[Scene, str], object]:
    return lambda scene, machine: faults.break_(scene.lab.folder, fault, machine)


AT_ONCE: dict[str, Callable[[Scene, str], object]] = {
    "guard-stopped": to_the_guard("stop-guard"),
    "guard-killed": to_the_guard("kill-guard"),
    "cut-for-good": cut_for_good,
    "host-paused": hold,
}
"""Done from here, as a command takes a second of the term to start."""


@pytest.mark.parametrize("fault", AT_ONCE)
def test_a_primary_that_nobody_reaches_lets_no_user_in_after_its_term_and_only_then_is_another_promoted(
    leased: Scene, fault: str
):
    """Its database runs all the while, as a primary; nobody can stop it, and nobody can take its power."""
    was, timeline, machine = leased.primary(), leased.timeline(), "north-db"
    with (
        leased.no_two_primaries() as looks,
        until(lambda: let_in(leased, was), "users let in") as connection,
        ThreadPoolExecutor(1) as thread,
    ):
        leased.lab_break("stop-process", "witness-power")
        leased.lab_break("stop-process", f"{machine}/sshd")
        # One who stays connected: a write that is under way then must not be acknowledged when another takes writes.
        writing = thread.submit(write_until_shut_out, connection)
        command, run = leased.move(OTHER[was], "disaster")
        leased.wait_until_asked(run, "fence")
        AT_ONCE[fault](leased, machine)  # with nearly all of its term before it
        leased.allow(run)
        ended = command.ended()
        assert (ended.code, outcome(run)) == (ExitCode.DONE, "done"), ended.all
        leased.check_serves(OTHER[was])
        # What was paused, hung or cut off goes on, with the other promoted.
        assert leased.seawall("lab", "heal").code == ExitCode.DONE
        last_acknowledged = writing.result(2 * LIMIT)
        time.sleep(SHORT.renew.total_seconds() * 2)  # its guard looks, and finds that it was revoked
        assert sorted(leased.primaries()) == sorted(OTHER)  # only its lease keeps its users out
        leased.check_serves(OTHER[was])
    evidence = LeaseExpired.model_validate(read_state(run).seen["fence"]["evidence"])
    assert evidence.term == SHORT.term
    promotes = next(
        one.at for one in read_journal(run.journal_path) if isinstance(one, Started) and one.step == "promote"
    )
    assert promotes >= evidence.revoked_at + SHORT.term + SHORT.drift
    assert last_taken(looks[was]) < promotes.timestamp()
    assert 0 < last_acknowledged < promotes.timestamp()
    assert_changed_once(run)
    assert leased.timeline(OTHER[was]) == timeline + 1


def user(scene: Scene, site: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as users' programs do, through what the lease lets them in by."""
    server = scene.inventory.server(f"{site}-db/login")
    assert server.lease is not None
    assert server.lease.clients is not None
    return psycopg.connect(
        host=server.lease.clients.address,
        port=server.lease.clients.port,
        dbname=server.database,
        user=server.user,
        password=scene.lab.credentials.read("db_seawall"),
        connect_timeout=30,
        autocommit=True,
    )


def write_until_shut_out(connection: psycopg.Connection[tuple[object, ...]]) -> float:
    """Write on a connection that stays open, and return when the last write was acknowledged."""
    acknowledged, deadline = 0.0, time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            connection.execute(
                "INSERT INTO watched (server, at) VALUES ('user', now())"
                " ON CONFLICT (server) DO UPDATE SET at = EXCLUDED.at"
            )
        except psycopg.OperationalError:
            return acknowledged
        acknowledged = time.time()
        time.sleep(0.005)
    pytest.fail("nobody shut the user out")


def last_taken(looks: Sequence[Look]) -> float:
    return max(one.ended.timestamp() for one in looks if one.accepted)


def test_a_link_that_is_cut_for_43_seconds_promotes_nobody_and_shuts_no_user_out(scene: Scene):
    """The guard lost the other site's place with the link, and renews at the two that it reaches."""
    was, timeline = scene.primary(), scene.timeline()
    refused, acknowledged = [], []
    with scene.no_two_primaries() as looks:
        scene.lab_break("cut-link", "north-south")
        scene.lab_break("stop-process", f"{OTHER[was]}-store")
        began = time.monotonic()
        command, run = scene.move(OTHER[was], "disaster")
        scene.wait_until_asked(run, "fence")

        def written() -> bool:
            number = time.time_ns() % 10**12
            try:
                assert scene.write(number) == was
            except OSError as error:
                refused.append(error)
                return False
            acknowledged.append(number)
            return True

        while time.monotonic() - began < CUT_FOR.total_seconds():
            written()
            time.sleep(0.02)
        # Its term was over long ago, had it not been renewed; a busy machine may hold a guard up for a moment.
        until(written, "users let in at the end of it")
        assert begun(run)[-1] != "fence"
        assert scene.seawall("lab", "heal").code == ExitCode.DONE
        said_no = scene.seawall("answer", run.id, "fence", "no", "--as", "commander")
        assert said_no.code == ExitCode.DONE, said_no.all
        ended = command.ended()
    print(f"of {len(acknowledged) + len(refused)} writes, {len(refused)} were refused")  # noqa: T201 - told, not judged
    assert (ended.code, outcome(run)) == (ExitCode.FAILED, "refused"), ended.all
    assert list(read_state(run).changed) == []
    assert [one for one in looks[OTHER[was]] if one.accepted] == []
    assert (scene.primary(), scene.timeline()) == (was, timeline)
    assert {(4711, one) for one in acknowledged} <= set(scene.outside.rows("login"))
    until(lambda: scene.follows(OTHER[was]), "the standby following again")
    scene.check_serves(was)


def test_with_two_places_silent_nobody_is_promoted_and_users_are_let_in_again_when_they_answer(leased: Scene):
    was, timeline = leased.primary(), leased.timeline()
    with leased.no_two_primaries() as looks:
        # However long the places are silent before the yes, the term in which the fence may begin is not over.
        command, run = leased.move(OTHER[was], "disaster", program=LONG_TERMS)
        leased.wait_until_asked(run, "fence")
        leased.lab_break("stop-process", "witness-power")
        leased.lab_break("stop-process", f"{was}-db/sshd")
        for place in ("south", "witness"):
            leased.lab_break("stop-process", f"{place}-store")
        leased.allow(run)
        ended = command.ended()
        assert (ended.code, outcome(run)) == (ExitCode.FAILED, "failed"), ended.all
        (said,) = [one for one in read_journal(run.journal_path) if isinstance(one, NotReplicated)]
        assert set(said.silent) >= {"south", "witness"}
        assert begun(run)[-1] == "fence"
        told = " ".join(ended.out.split())
        assert "lease-expired: no majority of the three places tells how its lease stands" in told
        assert told.count("it is not fenced") == 2  # as it failed, and at the end
        until(lambda: not takes(leased, was), "the term running out, as the guard reaches no majority either")
        assert leased.seawall("lab", "heal").code == ExitCode.DONE
        until(lambda: takes(leased, was), "users let in again")
    assert [one for one in looks[OTHER[was]] if one.accepted] == []
    assert list(read_state(run).changed) == []
    assert (leased.primary(), leased.timeline()) == (was, timeline)
    leased.check_serves(was)


def takes(scene: Scene, site: str) -> bool:
    """Tell whether users' programs are let into the database of a site."""
    connection = let_in(scene, site)
    if connection is None:
        return False
    with contextlib.suppress(psycopg.OperationalError), connection:
        return connection.execute("SELECT true").fetchone() == (True,)
    return False


def let_in(scene: Scene, site: str) -> psycopg.Connection[tuple[object, ...]] | None:
    """Connect as users' programs do; None when they are kept out."""
    try:
        return user(scene, site)
    except psycopg.OperationalError:
        return None
