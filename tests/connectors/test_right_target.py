"""The right target or no command: every `postgres.*` action at a server that stands where another one should.

On real PostgreSQL. The hardest is a scratch restore of the same cluster: it has the system identifier, the database,
the roles and the passwords of the server that is meant, and here even its address and port.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.lab.remote import run_on
from seawall.errors import CallError, Unreachable, WrongTarget
from seawall.evidence import Fenced, Stopped
from tests.connectors.conftest import until
from tests.connectors.pairs import PairInLab, _copy

pytestmark = pytest.mark.lab

OVER_SQL = ("state", "standby-state", "accepts-writes", "write-probe", "checkpoint", "is-primary")
ON_DISK = ("fence", "start")


@pytest.fixture(scope="module")
def lab_pair(own_lab):
    pair = PairInLab(own_lab)
    with pair.world:
        yield pair


@pytest.fixture
def pair(lab_pair):
    lab_pair.fresh()
    yield lab_pair
    lab_pair.turned = True


def restored(pair, server, *, called: str, standby: bool = False):
    """Stop a server and start a restore of its first backup at its address and port, from another folder."""
    pair.turned = True
    pair.crash(server)
    pair.postgres._sessions.close()
    pair.postgres._sessions._closed = False
    place = Path(server.data_directory).with_name("login-scratch")
    _copy(pair._first(server), place)
    mark = place / "standby.signal"
    mark.touch() if standby else mark.unlink(missing_ok=True)
    options = f"-c port={server.port} -c cluster_name={called} -c primary_conninfo= -c primary_slot_name="
    start = f"pg_ctl -D '{place}' -l '{place}.log' -o '{options}' -w start </dev/null >/dev/null"
    run_on(pair.lab, server.host.name, start, within=30)
    return server.model_copy(update={"data_directory": str(place), "cluster_name": called})


@pytest.mark.parametrize("name", OVER_SQL)
@pytest.mark.parametrize(
    ("called", "differs"),
    [
        ("scratch", "cluster name is scratch, expected login-north"),
        ("login-north", "data directory is .*login-scratch"),
    ],
)
def test_a_scratch_restore_at_the_servers_own_address_is_refused_by_what_differs(pair, name, called, differs):
    scratch = restored(pair, pair.north, called=called)
    args = {"server": pair.north} | ({"peer": pair.south} if name == "is-primary" else {})
    before = pair._sql(scratch, "SELECT pg_current_wal_insert_lsn()")
    with pytest.raises(WrongTarget, match=differs):
        pair.perform(f"postgres.{name}", seconds=5, **args)
    assert (
        pair._sql(scratch, "SELECT pg_current_wal_insert_lsn()") == before
    )  # not even a checkpoint was made


@pytest.mark.parametrize("called", ["scratch", "login-south"])
def test_a_scratch_restore_in_recovery_is_not_promoted_in_the_standbys_place(pair, called):
    fenced = pair.perform("postgres.fence", server=pair.north)
    scratch = restored(pair, pair.south, called=called, standby=True)
    with pytest.raises(WrongTarget, match=r"its (cluster name|data directory) is"):
        pair.perform("postgres.promote", seconds=10, server=pair.south, old=pair.north, evidence=fenced)
    assert pair._sql(scratch, "SELECT pg_is_in_recovery()") == [(True,)]


def test_a_scratch_restore_is_not_the_primary_that_a_server_follows(pair):
    restored(pair, pair.south, called="login-south")
    pair.perform("postgres.fence", server=pair.north)
    for name in ("postgres.rejoin", "postgres.rebuild", "postgres.divergence"):
        with pytest.raises(WrongTarget, match="data directory"):
            pair.perform(name, server=pair.north, primary=pair.south)
    assert Path(pair.north.data_directory, "PG_VERSION").exists()


def test_a_fence_is_not_taken_back_on_the_word_of_a_scratch_restore(pair):
    pair.perform("postgres.fence", server=pair.north)
    restored(pair, pair.south, called="login-south", standby=True)
    with pytest.raises(CallError, match="data directory"):
        pair.perform("postgres.unfence", server=pair.north, peer=pair.south)
    assert not pair.runs(pair.north)


def test_a_fence_stops_the_server_that_is_meant_and_leaves_its_scratch_restore_alone(pair):
    scratch = pair.scratch_of(pair.south)  # beside it, on the same machine, with the same system identifier
    pair.fail_over()
    evidence = pair.perform("postgres.fence", server=pair.south, by=("stopped",))
    assert evidence.evidence.data_directory == pair.south.data_directory
    assert pair._sql(scratch, "SELECT 1") == [(1,)]
    with pytest.raises(Unreachable):
        pair.perform("postgres.checkpoint", seconds=3, server=pair.south)


@pytest.mark.parametrize("name", ON_DISK)
def test_another_cluster_in_the_data_directory_is_refused_by_what_differs(pair, name):
    other = pair.north.model_copy(update={"system_identifier": "7000000000000000000"})
    with pytest.raises(
        WrongTarget, match=f"its system identifier is {pair.north.system_identifier}, expected 7000"
    ):
        pair.perform(f"postgres.{name}", server=other)
    assert pair.perform("postgres.accepts-writes", server=pair.north).holds is True


@pytest.mark.parametrize("name", ON_DISK)
def test_an_empty_folder_where_the_server_should_lie_is_refused(pair, name):
    other = pair.north.model_copy(update={"data_directory": f"{pair.north.data_directory}-elsewhere"})
    with pytest.raises(WrongTarget, match="data directory is not there"):
        pair.perform(f"postgres.{name}", server=other)


@pytest.mark.parametrize("name", ON_DISK)
def test_another_host_key_is_refused_before_a_command_is_sent(pair, name):
    host = pair.north.host.model_copy(update={"host_key": pair.south.host.host_key})
    with pytest.raises(WrongTarget, match=r"host key is .+, expected"):
        pair.perform(f"postgres.{name}", server=pair.north.model_copy(update={"host": host}))
    assert pair.perform("postgres.accepts-writes", server=pair.north).holds is True


def test_another_database_is_not_written_to(pair):
    other = pair.north.model_copy(update={"database": "citizens"})
    for name in ("write-probe", "checkpoint"):
        with pytest.raises(Unreachable, match='database "citizens" does not exist'):
            pair.perform(f"postgres.{name}", server=other)


def test_a_standby_is_not_taken_for_the_primary_nor_the_primary_for_the_standby(pair):
    with pytest.raises(WrongTarget, match="role is standby, expected primary"):
        pair.perform("postgres.write-probe", server=pair.south)
    with pytest.raises(WrongTarget, match="role is standby, expected primary"):
        pair.perform("postgres.fence", server=pair.south)
    evidence = Fenced(
        server=pair.south.name,
        host=pair.south.host.name,
        system_identifier=pair.south.system_identifier,
        at=pair.now,
        evidence=Stopped(
            host_key=pair.south.host.host_key, data_directory=pair.south.data_directory, last_lsn=None
        ),
    )
    with pytest.raises(CallError, match="was started again since"):
        pair.perform("postgres.promote", server=pair.north, old=pair.south, evidence=evidence)


def test_the_address_of_another_server_of_the_city_is_refused(pair):
    """As after a mistake in the inventory, or a floating address that has moved."""
    moved = pair.north.model_copy(update={"host": pair.south.host, "port": pair.south.port})
    with pytest.raises(WrongTarget, match="cluster name is login-south, expected login-north"):
        pair.perform("postgres.write-probe", server=moved)
    assert pair.runs(pair.south)
    until(lambda: pair.perform("postgres.accepts-writes", server=pair.north).holds is True, "the primary")
