"""Of every right that is asked for: it is enough, and it is needed. Both database roles have the printed rights alone.

The contract suites of `postgres.*` and `backup.*` run on a lab that is made with exactly what `doctor --needs --as sql`
prints, which shows that it is enough. Here each right is taken away, and what it was for is seen to fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import grants
from connectors.backup import PostgresTools
from connectors.postgres import needs, program
from connectors.rights.everything import grants as everything
from connectors.rights.everything import to_install
from connectors.rights.gathered import _ADDS
from drills.lab.postgres import COUNTING
from seawall.actions import Deadline
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed
from seawall.needs import AsOwner, Grant, Login, Need, Replicating
from tests.connectors.conftest import until
from tests.connectors.pairs import PairInLab

MINE, REPLICATOR = everything(of=Login), everything(of=Replicating)


@pytest.fixture(scope="module")
def lab_pair(own_lab):
    pair = PairInLab(own_lab)
    with pair.world:
        yield pair


@pytest.fixture
def pair(lab_pair):
    lab_pair.fresh()
    return lab_pair


def taken_back(grant: Grant, role: str) -> str:
    """What takes one right away, and no other."""
    right = grant.right
    if right == "REPLICATION":
        return f"ALTER ROLE {role} NOREPLICATION"
    if right == "CONNECT on the database":
        return f"REVOKE CONNECT ON DATABASE login FROM {role}"
    if right == "table seawall.probe":
        return "DROP TABLE IF EXISTS seawall.probe"
    if right.startswith("pg_"):
        return f"REVOKE {right} FROM {role}"
    what, _, on = right.partition(" on ")
    kind = "FUNCTION " if "(" in on else ""
    return f"REVOKE {what} ON {kind}{on} FROM {role}"


@contextmanager
def without(pair: PairInLab, grant: Grant, role: str, server=None) -> Iterator[None]:
    primary = server or pair.north
    pair._sql(primary, taken_back(grant, role))
    pair.postgres._sessions.close()
    pair.postgres._sessions._closed = False
    try:
        yield
    finally:
        for one in to_install("login"):
            install(pair, primary, one)


def install(pair: PairInLab, server, statement: str) -> None:
    import psycopg

    with psycopg.connect(
        host=server.host.address,
        port=server.port,
        dbname=server.database,
        user="postgres",
        password=pair.vault.secret(pair.lab.superuser_password),
        autocommit=True,
    ) as connection:
        connection.execute(statement.encode())


def lacking(pair: PairInLab, wanted: tuple[Grant, ...], role: str, server=None) -> set[str]:
    found = pair.postgres.granted(server or pair.north, wanted, role, Deadline.within(timedelta(seconds=60)))
    return {right for right, there in found.items() if not there}


def refused(pair: PairInLab, name: str, **args) -> CallError:
    with pytest.raises(CallError) as caught:
        pair.perform(name, **args)
    return caught.value


@pytest.mark.lab
class TestEachIsNeeded:
    def test_nothing_is_missing_at_first_and_neither_role_is_more_than_it_must_be(self, pair):
        assert lacking(pair, MINE, "seawall") == set()
        assert lacking(pair, REPLICATOR, "replicator") == set()
        attributes = "rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls"
        assert (
            pair._sql(
                pair.north,
                f"SELECT rolname FROM pg_roles WHERE rolname IN ('seawall', 'replicator') AND ({attributes})",
            )
            == []
        )
        assert pair._sql(
            pair.north, "SELECT has_table_privilege('seawall', 'public.citizens', 'SELECT')"
        ) == [(False,)]
        assert "SELECT ON ledger" in COUNTING  # what the drills alone have more

    @pytest.mark.parametrize("grant", MINE, ids=lambda grant: grant.right)
    def test_the_right_that_was_taken_away_is_named_and_no_other(self, pair, grant):
        with without(pair, grant, "seawall"):
            if grant in {grants.CONNECT, grants.SETTINGS}:
                error = refused(pair, "postgres.checkpoint", server=pair.north)
                expected = Finding.NOT_LET_IN if grant == grants.CONNECT else Finding.RIGHTS
                assert error.finding is expected
                return
            named = lacking(pair, MINE, "seawall")
            on_table = {one.right for one in grants.PROBE if one.right.endswith("seawall.probe")}
            assert named == (on_table if grant == grants.TABLE else {grant.right})

    @pytest.mark.parametrize("grant", REPLICATOR, ids=lambda grant: grant.right)
    def test_the_replicators_right_that_was_taken_away_is_named_and_no_other(self, pair, grant):
        with without(pair, grant, "replicator"):
            assert lacking(pair, REPLICATOR, "replicator") == {grant.right}

    def test_without_checkpoint_there_is_none(self, pair):
        with without(pair, grants.CHECKPOINT, "seawall"):
            error = refused(pair, "postgres.checkpoint", server=pair.north)
            assert isinstance(error, DidNothing)
            assert error.finding is Finding.RIGHTS

    def test_without_the_statistics_a_standby_is_not_seen_to_receive(self, pair):
        assert pair.perform("postgres.standby-state", server=pair.south).receiving is True
        assert pair.perform("postgres.is-standby-of", server=pair.south, primary=pair.north).holds
        with without(pair, grants.STATS, "seawall"):
            until(
                lambda: pair.perform("postgres.standby-state", server=pair.south).receiving is False,
                "the right going from the standby too",
            )
            assert not pair.perform("postgres.is-standby-of", server=pair.south, primary=pair.north).holds

    def test_without_promote_nothing_is_promoted(self, pair):
        with without(pair, grants.PROMOTE, "seawall"):
            until(lambda: lacking(pair, (grants.PROMOTE,), "seawall", pair.south), "it going there too")
            evidence = pair.perform("postgres.fence", server=pair.north)
            error = refused(pair, "postgres.promote", server=pair.south, old=pair.north, evidence=evidence)
            assert error.finding is Finding.RIGHTS
            assert pair.perform("postgres.state", server=pair.south).in_recovery is True
            pair.perform("postgres.unfence", server=pair.north, peer=pair.south)
            pair.turned = False

    @pytest.mark.parametrize("grant", grants.PROBE, ids=lambda grant: grant.right)
    def test_without_any_right_on_the_probes_table_no_write_is_tried(self, pair, grant):
        pair.perform("postgres.write-probe", server=pair.north)
        with without(pair, grant, "seawall"):
            assert refused(pair, "postgres.write-probe", server=pair.north).finding is Finding.RIGHTS
        pair.perform("postgres.write-probe", server=pair.north)

    def test_without_the_fingerprint_a_backups_content_is_not_known(self, pair):
        (grant,) = [one for one in MINE if one.right == "EXECUTE on seawall.fingerprint()"]
        tools, soon = PostgresTools(pair.shell, pair.vault), Deadline.within(timedelta(seconds=30))
        assert tools.fingerprints(pair.north, soon)
        with without(pair, grant, "seawall"):
            assert tools.fingerprints(pair.north, soon) is None

    def test_without_replication_no_backup_is_taken(self, pair):
        tools = PostgresTools(pair.shell, pair.vault)
        with (
            without(pair, grants.REPLICATION, "replicator"),
            pytest.raises(MayHaveActed, match="permission denied"),
        ):
            list(tools.base(pair.north, "label", Deadline.within(timedelta(seconds=30))))

    def test_without_any_right_to_read_files_an_old_primary_does_not_come_back(self, pair):
        pair.write(pair.north, "both")
        until(lambda: pair.words(pair.south) == {"both"}, "the row at the standby")
        pair.cut_link()
        pair.write(pair.north, "alone")
        pair.lose(pair.north)
        evidence = pair.perform("postgres.fence", server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=evidence)
        pair.come_back(pair.north)
        pair.restore_link()
        for grant in (grants.CONNECT, *grants.REWIND):
            pair.now += timedelta(seconds=1)  # what each attempt keeps aside is named after its second
            with without(pair, grant, "replicator", pair.south):
                error = refused(pair, "postgres.rejoin", seconds=60, server=pair.north, primary=pair.south)
                function = grant.right.removeprefix("EXECUTE on ").partition("(")[0]
                word = (
                    "CONNECT privilege"
                    if grant == grants.CONNECT
                    else f"permission denied for function {function}"
                )
                assert word in error.problem
                assert lacking(pair, REPLICATOR, "replicator", pair.south) == {grant.right}
        pair.now += timedelta(seconds=1)
        # The last one broke off in the middle: such a server can only be copied anew, and is still known as itself.
        back = pair.perform("postgres.rebuild", seconds=60, server=pair.north, primary=pair.south)
        assert back.receiving


def test_every_kind_of_need_is_put_somewhere():
    # By name: a dataclass with slots is made anew, and its first form stays among the subclasses.
    assert {one.__name__ for one in Need.__subclasses__()} == {one.__name__ for one in _ADDS}


SHELL = Path(program.__file__).with_name("shell")
PROGRAMS = (
    "awk sed grep cut sort tr wc cp mv rm mkdir mktemp tail sync sleep cat touch ls find head dd tee chmod"
)
"""Programs that a script of ours might run."""
NOT_CALLED = {"rewind": {"touch", "grep", "sed", "mv"}}
"""What stands in a function of its files that this word does not call."""


def ran_by(word: str) -> tuple[set[str], set[str]]:
    """Programs that the scripts of a word run: on the PATH, and PostgreSQL's."""
    names = ("prelude", *program.PARTS[word])
    text = "".join((SHELL / f"{name}.sh").read_text() for name in names)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    ours = set(re.findall(r'"\$B/(\w+)"', text))
    begins = r"(?:^|[|;&('{]|\bthen|\bdo|\belse|!)\s*"
    found = {name for name in PROGRAMS.split() if re.search(rf"{begins}{name}(?=[\s)])", text, re.MULTILINE)}
    return found - NOT_CALLED.get(word, set()), ours


@pytest.mark.parametrize("word", [one for one in program.PARTS if one != "identity"])
def test_the_programs_declared_for_a_word_are_those_that_its_scripts_run(word):
    _, owner = needs.owner("server", word)
    assert isinstance(owner, AsOwner)
    on_path, ours = ran_by(word)
    assert set(owner.binaries) == ours
    assert set(owner.programs) == on_path


def test_the_words_that_actions_declare_are_all_that_there_are():
    declared = (
        needs.FENCE, needs.UNFENCE, needs.START, needs.REJOIN, needs.REBUILD, needs.DIVERGENCE, needs.IS_FENCED
    )  # fmt: skip
    owners = [need for action in declared for need in action if isinstance(need, AsOwner)]
    assert {word for need in owners for word in need.words} == set(program.PARTS) - {"identity"}


def test_a_right_needs_nobodys_superuser():
    assert not [
        one.sql for one in (*MINE, *REPLICATOR) if re.search("SUPERUSER|pg_write|pg_execute_server", one.sql)
    ]
