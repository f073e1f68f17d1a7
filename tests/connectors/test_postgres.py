"""What every `postgres.*` must do: on a lab's servers, and on those in memory."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.postgres import statements
from connectors.postgres.host import _whole
from drills.lab.account import servers_account
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.evidence import GOOD_FOR, PoweredOff, Stopped
from tests.connectors.conftest import until
from tests.connectors.pairs import PairInLab, PairInMemory
from tests.connectors.servers import occasion
from tests.examples import examples

IDENTITY = {
    "system_identifier": "7000000000000000000",
    "cluster_name": "login-east",
    "data_directory": "/srv/east/login",
}


def others(server, *fields):
    """The same server, but for one thing in each by which it is told from others."""
    return [server.model_copy(update={field: IDENTITY[field]}) for field in fields or IDENTITY]


def about(fenced, **changes):
    """The same evidence, but for what it is about, or, with `evidence_...`, for what was seen there."""
    prefix = "evidence_"
    inner = {key.removeprefix(prefix): value for key, value in changes.items() if key.startswith(prefix)}
    outer = {key: value for key, value in changes.items() if not key.startswith(prefix)}
    return fenced.model_copy(update={**outer, "evidence": fenced.evidence.model_copy(update=inner)})


@pytest.mark.slow  # starts a shell for each example
@examples(60)
@given(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=60))
def test_no_value_escapes_its_quotes_in_a_script(value):
    server = PairInMemory().north.model_copy(update={"data_directory": value})
    text = _whole(server, 'printf %s "$D$HOST"', {"HOST": value})
    ended = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, (value + value).encode(), b"")


class LooksContract:
    """What is seen of servers."""

    @pytest.fixture
    def pair(self):
        raise NotImplementedError

    def test_a_primary_and_its_standby_are_told_apart(self, pair):
        north = pair.perform("postgres.state", server=pair.north)
        south = pair.perform("postgres.state", server=pair.south)
        assert (north.role, north.in_recovery, north.timeline) == ("primary", False, 1)
        assert (south.role, south.in_recovery, south.timeline) == ("standby", True, 1)
        assert north.system_identifier == south.system_identifier == pair.north.system_identifier
        assert north.promotes_promptly is True

    def test_a_server_that_is_gone_is_seen_as_such(self, pair):
        pair.crash(pair.south)
        seen = pair.perform("postgres.state", server=pair.south)
        assert (seen.accepts_connections, seen.role) == (False, None)

    def test_a_server_that_hangs_is_seen_within_the_limit(self, pair):
        pair.hold(pair.south)
        assert pair.perform("postgres.state", seconds=1, server=pair.south).accepts_connections is False

    def test_a_standby_that_has_everything_misses_nothing(self, pair):
        pair.write(pair.north, "one")
        until(lambda: pair.words(pair.south) == {"one"}, "the row at the standby")
        seen = pair.perform("postgres.standby-state", server=pair.south, primary=pair.north)
        assert (seen.in_recovery, seen.receiving, seen.missing) == (True, True, 0)

    def test_what_a_standby_misses_is_counted(self, pair):
        pair.cut_link()
        pair.write(pair.north, "one", "two")
        seen = pair.perform("postgres.standby-state", server=pair.south, primary=pair.north)
        assert seen.missing > 0

    def test_what_a_standby_misses_of_a_primary_that_is_gone_is_unknown(self, pair):
        pair.lose(pair.north)

        def seen():
            return pair.perform("postgres.standby-state", server=pair.south, primary=pair.north)

        until(lambda: seen().receiving is False, "the standby noticing")
        assert seen().missing is None

    def test_a_primary_is_no_standby(self, pair):
        assert pair.perform("postgres.standby-state", server=pair.north).in_recovery is False

    def test_a_default_that_makes_promotions_slow_is_a_finding(self, pair):
        pair.set_retry_interval(pair.south, timedelta(seconds=5))
        pair.set_retry_interval(pair.north, timedelta(seconds=5))
        until(lambda: pair.perform("postgres.state", server=pair.north).promotes_promptly is False, "reload")
        found = {one.what: one for one in pair.postgres.check([pair.north], occasion().deadline)}
        finding = found["postgres north-db/login promotes promptly"]
        assert finding.well is False
        assert "wal_retrieve_retry_interval" in finding.remedy

    def test_doctor_finds_nothing_wrong_with_a_pair_that_is_well(self, pair):
        found = list(pair.postgres.check([pair.north, pair.south], occasion().deadline))
        assert [one for one in found if not one.well] == []

    def test_doctor_names_a_server_that_is_gone_and_one_that_is_another(self, pair):
        pair.crash(pair.south)
        other = pair.north.model_copy(update={"cluster_name": "login-east"})
        found = {one.what: one for one in pair.postgres.check([pair.south, other], occasion().deadline)}
        assert found["postgres south-db/login"].well is False
        assert "login-east" in found["postgres north-db/login"].saw
        assert found["postgres north-db/login"].remedy

    def test_another_server_is_refused_by_what_differs(self, pair):
        for other, expected in zip(others(pair.north), IDENTITY.values(), strict=True):
            with pytest.raises(WrongTarget, match=f"expected {expected}"):
                pair.perform("postgres.state", server=other)

    def test_whether_writes_are_accepted_is_told(self, pair):
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is True
        assert pair.perform("postgres.accepts-writes", server=pair.south).holds is False
        pair.crash(pair.north)
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is None

    def test_a_probe_is_written_to_a_primary(self, pair):
        assert pair.perform("postgres.write-probe", server=pair.north).server == pair.north.name
        pair.perform("postgres.write-probe", server=pair.north)

    def test_a_probe_is_not_written_to_a_standby(self, pair):
        with pytest.raises(WrongTarget, match="role is standby, expected primary"):
            pair.perform("postgres.write-probe", server=pair.south)

    def test_a_checkpoint_is_made(self, pair):
        assert pair.perform("postgres.checkpoint", server=pair.north).server == pair.north.name


class FenceContract:
    """Nothing but a server that cannot write is called fenced."""

    @pytest.fixture
    def pair(self):
        raise NotImplementedError

    def test_a_primary_is_stopped_and_marked(self, pair):
        fenced = pair.perform("postgres.fence", server=pair.north)
        assert isinstance(fenced.evidence, Stopped)
        assert fenced.evidence.last_lsn is not None
        assert (fenced.server, fenced.host) == (pair.north.name, pair.north.host.name)
        assert not pair.runs(pair.north)

    def test_a_fence_is_proven_by_the_same_evidence(self, pair):
        assert pair.perform("postgres.is-fenced", server=pair.north).holds is False
        fenced = pair.perform("postgres.fence", server=pair.north)
        proof = pair.perform("postgres.is-fenced", server=pair.north)
        assert proof.holds is True
        assert proof.stand_in() == fenced

    def test_fencing_again_sees_the_same(self, pair):
        assert pair.perform("postgres.fence", server=pair.north) == pair.perform(
            "postgres.fence", server=pair.north
        )

    def test_whoever_starts_a_fenced_server_starts_a_standby(self, pair):
        pair.perform("postgres.fence", server=pair.north)
        pair.start(pair.north)
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is False
        assert pair.perform("postgres.is-fenced", server=pair.north).holds is False

    def test_a_crashed_server_is_fenced_and_nobody_knows_how_far_it_wrote(self, pair):
        pair.crash(pair.north)
        assert pair.perform("postgres.is-fenced", server=pair.north).holds is False
        fenced = pair.perform("postgres.fence", server=pair.north)
        assert fenced.evidence.last_lsn is None
        assert pair.perform("postgres.is-fenced", server=pair.north).holds is True

    def test_a_lost_machine_is_fenced_by_its_power_controller(self, pair):
        pair.lose(pair.north)
        fenced = pair.perform("postgres.fence", server=pair.north)
        assert isinstance(fenced.evidence, PoweredOff)
        assert fenced.evidence.uuid == pair.north.host.power.uuid
        assert pair.perform("postgres.is-fenced", server=pair.north).stand_in() == fenced

    def test_a_server_that_does_not_stop_loses_its_power(self, pair):
        pair.hold(pair.north)
        fenced = pair.perform("postgres.fence", seconds=5, server=pair.north)
        assert fenced.evidence.kind == "powered-off"
        assert not pair.runs(pair.north)

    def test_a_server_that_does_not_stop_is_in_doubt_where_only_stopping_counts(self, pair):
        pair.hold(pair.north)
        with pytest.raises(MayHaveActed, match="not fenced; stopped: "):
            pair.perform("postgres.fence", seconds=1, server=pair.north, by=("stopped",))
        assert pair.perform("postgres.is-fenced", seconds=5, server=pair.north, by=("stopped",)).holds is None

    def test_a_lost_machine_without_its_power_controller_is_not_fenced(self, pair):
        pair.lose(pair.north)
        power = pair.north.host.power.model_copy(update={"url": "http://127.0.0.1:1"})
        host = pair.north.host.model_copy(update={"power": power})
        server = pair.north.model_copy(update={"host": host})
        with pytest.raises(Unreachable, match=r"not fenced; stopped: .+; powered-off: "):
            pair.perform("postgres.fence", server=server)
        assert pair.perform("postgres.is-fenced", server=server).holds is None

    def test_a_lost_machine_is_not_fenced_where_only_stopping_counts(self, pair):
        pair.lose(pair.north)
        with pytest.raises(Unreachable, match="not fenced; stopped: "):
            pair.perform("postgres.fence", server=pair.north, by=("stopped",))
        assert pair.perform("postgres.is-fenced", server=pair.north, by=("stopped",)).holds is None

    def test_a_standby_is_not_fenced(self, pair):
        with pytest.raises(WrongTarget, match="role is standby, expected primary"):
            pair.perform("postgres.fence", server=pair.south)
        assert pair.runs(pair.south)

    def test_another_server_is_not_fenced_and_keeps_its_power(self, pair):
        for other in others(pair.north):
            with pytest.raises(WrongTarget, match="expected"):
                pair.perform("postgres.fence", server=other)
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is True

    def test_another_machine_is_not_fenced_and_keeps_its_power(self, pair):
        host = pair.north.host.model_copy(update={"hostname": "east-db"})
        with pytest.raises(WrongTarget, match="calls itself north-db, expected east-db"):
            pair.perform("postgres.fence", server=pair.north.model_copy(update={"host": host}))
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is True

    def test_another_machine_behind_the_power_switch_keeps_its_power(self, pair):
        power = pair.north.host.power.model_copy(update={"uuid": pair.south.host.power.uuid})
        host = pair.north.host.model_copy(update={"power": power})
        server = pair.north.model_copy(update={"host": host})
        with pytest.raises(WrongTarget, match="UUID"):
            pair.perform("postgres.fence", server=server, by=("powered-off",))
        assert pair.runs(pair.north)
        assert pair.runs(pair.south)

    def test_a_fence_is_taken_back_while_its_peer_follows(self, pair):
        pair.perform("postgres.fence", server=pair.north)
        assert pair.perform("postgres.unfence", server=pair.north, peer=pair.south).started is True
        assert pair.perform("postgres.is-primary", server=pair.north, peer=pair.south).holds is True

    def test_taking_back_a_fence_that_stopped_nothing_changes_nothing(self, pair):
        assert pair.perform("postgres.unfence", server=pair.north, peer=pair.south).started is False

    def test_no_fence_is_taken_back_when_its_peer_was_promoted(self, pair):
        pair.fail_over()
        with pytest.raises(DidNothing, match="stays fenced: south-db/login is not seen to be a standby"):
            pair.perform("postgres.unfence", server=pair.north, peer=pair.south)
        assert not pair.runs(pair.north)

    def test_no_fence_is_taken_back_when_its_peer_cannot_be_asked(self, pair):
        pair.perform("postgres.fence", server=pair.north)
        pair.lose(pair.south)
        with pytest.raises(DidNothing, match="stays fenced"):
            pair.perform("postgres.unfence", server=pair.north, peer=pair.south)
        assert not pair.runs(pair.north)

    def test_a_standby_is_not_made_a_primary_by_taking_back_a_fence(self, pair):
        pair.fail_over()
        pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        with pytest.raises(DidNothing):
            pair.perform("postgres.unfence", server=pair.north, peer=pair.south)
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is False


class PromoteContract:
    """Fence before promote."""

    @pytest.fixture
    def pair(self):
        raise NotImplementedError

    @pytest.fixture
    def fenced(self, pair):
        return pair.perform("postgres.fence", server=pair.north)

    def test_with_evidence_a_standby_becomes_the_primary(self, pair, fenced):
        promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        assert promoted.timeline == 2
        pair.write(pair.south, "after")
        assert "after" in pair.words(pair.south)

    def test_a_promotion_is_proven(self, pair, fenced):
        args = {"server": pair.south, "old": pair.north, "evidence": fenced}
        promoted = pair.perform("postgres.promote", **args)
        proof = pair.perform("postgres.is-primary", **args)
        assert proof.holds is True
        assert proof.stand_in().timeline == promoted.timeline

    @pytest.mark.slow
    def test_that_there_was_no_promotion_is_said_once_it_would_be_over(self, pair):
        assert pair.perform("postgres.is-primary", server=pair.south).holds is False

    def test_a_primary_that_is_gone_is_no_proof(self, pair):
        pair.crash(pair.south)
        assert pair.perform("postgres.is-primary", server=pair.south).holds is None

    def test_evidence_by_power_opens_a_promotion(self, pair):
        pair.lose(pair.north)
        fenced = pair.perform("postgres.fence", server=pair.north)
        promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        assert promoted.timeline == 2

    def test_evidence_about_another_server_or_from_another_place_opens_nothing(self, pair, fenced):
        for evidence, why in (
            (about(fenced, server="east-db/login"), f"not about {pair.north}: its server is east-db/login"),
            (about(fenced, host="east-db"), "its host is east-db"),
            (about(fenced, system_identifier="7"), "its system identifier is 7"),
            (about(fenced, evidence_host_key="ssh-ed25519 AAAA"), "its host key"),
            (about(fenced, evidence_data_directory="/srv/east"), "its data directory is /srv/east"),
        ):
            self._refused(pair, evidence, why)

    def test_evidence_about_another_machines_power_opens_nothing(self, pair, fenced):
        evidence = PoweredOff(controller=pair.north.host.power.url, uuid=pair.south.host.power.uuid)
        self._refused(pair, fenced.model_copy(update={"evidence": evidence}), "its UUID")

    def test_a_server_that_was_started_after_it_was_fenced_opens_nothing(self, pair, fenced):
        pair.start(pair.north)
        self._refused(pair, fenced, f"{pair.north} was started again since")

    def test_evidence_from_before_a_start_opens_nothing_though_it_is_stopped_once_more(self, pair, fenced):
        pair.start(pair.north)
        pair.crash(pair.north)
        self._refused(pair, fenced, f"from before {pair.north} was started again: it was shut down since")
        again = pair.perform("postgres.fence", server=pair.north)
        promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=again)
        assert promoted.timeline == 2

    def test_a_server_whose_mark_was_taken_away_opens_nothing(self, pair, fenced):
        pair.unmark(pair.north)
        self._refused(pair, fenced, "somebody took the mark away")

    def test_a_stopped_server_whose_machine_is_lost_afterwards_opens_a_promotion(self, pair, fenced):
        """Its mark is on its disk: whoever starts it starts a standby."""
        pair.lose(pair.north)
        promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        assert promoted.timeline == 2

    def test_a_machine_that_has_power_again_opens_nothing(self, pair):
        pair.lose(pair.north)
        evidence = pair.perform("postgres.fence", server=pair.north)
        pair.come_back(pair.north)
        self._refused(pair, evidence, f"{pair.north.host} has power again")

    def test_a_machine_whose_power_cannot_be_seen_any_more_opens_nothing(self, pair):
        pair.lose(pair.north)
        evidence = pair.perform("postgres.fence", server=pair.north)
        pair.lose_controller()
        self._refused(pair, evidence, f"cannot be seen that {pair.north.host} is still without power")

    def test_evidence_that_is_old_or_from_the_future_opens_nothing(self, pair, fenced):
        self._refused(pair, about(fenced, at=pair.now - GOOD_FOR - timedelta(seconds=1)), "older than 15m")
        self._refused(pair, about(fenced, at=pair.now + timedelta(seconds=1)), "lies in the future")

    def test_a_server_does_not_take_over_from_itself(self, pair, fenced):
        with pytest.raises(DidNothing, match="are the same"):
            pair.perform("postgres.promote", server=pair.north, old=pair.north, evidence=fenced)

    def test_a_standby_of_another_cluster_does_not_take_over(self, pair, fenced):
        other = pair.south.model_copy(update={"system_identifier": "7"})
        with pytest.raises(DidNothing, match=f"no copy of {pair.north}"):
            pair.perform("postgres.promote", server=other, old=pair.north, evidence=fenced)

    def test_another_server_than_the_standby_is_not_promoted(self, pair, fenced):
        for other in others(pair.south, "cluster_name", "data_directory"):
            with pytest.raises(WrongTarget, match="expected"):
                pair.perform("postgres.promote", server=other, old=pair.north, evidence=fenced)
        assert pair.perform("postgres.accepts-writes", server=pair.south).holds is False

    def test_what_is_a_primary_already_is_not_promoted_again(self, pair, fenced):
        args = {"server": pair.south, "old": pair.north, "evidence": fenced}
        pair.perform("postgres.promote", **args)
        with pytest.raises(WrongTarget, match="role is primary, expected standby"):
            pair.perform("postgres.promote", **args)
        assert pair.perform("postgres.state", server=pair.south).timeline == 2

    def test_a_standby_that_hangs_is_not_promoted_and_the_wait_ends(self, pair, fenced):
        pair.hold(pair.south)
        with pytest.raises(Unreachable):
            pair.perform("postgres.promote", seconds=1, server=pair.south, old=pair.north, evidence=fenced)

    def test_after_a_planned_stop_the_standby_has_everything(self, pair):
        pair.write(pair.north, "one", "two")
        fenced = pair.perform("postgres.fence", server=pair.north)
        seen = pair.perform("postgres.missing-wal", server=pair.south, evidence=fenced)
        assert (seen.missing, seen.has_everything) == (0, True)

    @pytest.mark.slow
    def test_what_is_missing_is_counted(self, pair, fenced):
        further = fenced.evidence.model_copy(update={"last_lsn": "FF/0"})
        further = fenced.model_copy(update={"evidence": further})
        seen = pair.perform("postgres.missing-wal", seconds=1, server=pair.south, evidence=further)
        assert seen.missing > 0
        assert seen.has_everything is False

    def test_what_is_missing_of_a_crashed_primary_is_unknown(self, pair):
        pair.crash(pair.north)
        fenced = pair.perform("postgres.fence", server=pair.north)
        seen = pair.perform("postgres.missing-wal", server=pair.south, evidence=fenced)
        assert (seen.missing, seen.has_everything) == (None, None)

    def _refused(self, pair, evidence, why):
        with pytest.raises(DidNothing, match=why):
            pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=evidence)
        assert pair.perform("postgres.accepts-writes", server=pair.south).holds is False


class ReturnContract:
    """An old primary comes back, and nothing it alone had is thrown away."""

    @pytest.fixture
    def pair(self):
        raise NotImplementedError

    def test_after_a_planned_move_nothing_has_parted(self, pair):
        pair.write(pair.north, "one")
        pair.fail_over()
        seen = pair.perform("postgres.divergence", server=pair.north, primary=pair.south)
        assert (seen.diverged, seen.rows) == (False, 0)

    def test_after_a_planned_move_the_old_primary_follows(self, pair):
        pair.write(pair.north, "one")
        pair.fail_over()
        pair.write(pair.south, "two")
        back = pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        assert (back.diverged, back.kept, back.receiving) == (False, None, True)
        self._follows(pair, {"one", "two"})

    def test_what_a_lost_primary_alone_has_is_listed(self, pair):
        self._lost_with_two_words_of_its_own(pair)
        seen = pair.perform("postgres.divergence", server=pair.north, primary=pair.south)
        assert seen.diverged is True
        assert seen.wal > 0
        assert [(one.name, one.inserted) for one in seen.tables] == [("public.words", 2)]
        assert seen.rows == 2

    def test_what_a_lost_primary_alone_had_is_kept_and_then_it_follows(self, pair):
        self._lost_with_two_words_of_its_own(pair)
        back = pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        assert (back.diverged, back.rows_kept, back.receiving) == (True, 2, True)
        assert pair.kept(pair.north, back.kept) == {"alone", "only"}
        self._follows(pair, {"both", "new"})

    def test_what_diverged_in_good_order_is_kept_too(self, pair):
        pair.write(pair.north, "both")
        until(lambda: pair.words(pair.south) == {"both"}, "the row at the standby")
        pair.cut_link()
        pair.write(pair.north, "alone")
        fenced = pair.perform("postgres.fence", server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        pair.write(pair.south, "new")
        pair.restore_link()
        seen = pair.perform("postgres.divergence", server=pair.north, primary=pair.south)
        back = pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        if seen.diverged:  # a fast stop waits for the standby, so that the row may have come over after all
            assert pair.kept(pair.north, back.kept) == {"alone"}
        self._follows(pair, pair.words(pair.south))

    def test_there_and_back_again(self, pair):
        pair.fail_over()
        pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        pair.write(pair.south, "there")
        until(lambda: pair.words(pair.north) == {"there"}, "the row at the standby")
        fenced = pair.perform("postgres.fence", server=pair.south, by=("stopped",))
        pair.perform("postgres.promote", server=pair.north, old=pair.south, evidence=fenced)
        pair.perform("postgres.rejoin", server=pair.south, primary=pair.north)
        pair.write(pair.north, "and back")
        until(lambda: pair.words(pair.south) == {"there", "and back"}, "the row at the standby")
        assert pair.perform("postgres.state", server=pair.south).timeline == 3

    def test_what_follows_already_is_left_alone(self, pair):
        back = pair.perform("postgres.rejoin", server=pair.south, primary=pair.north)
        assert (back.diverged, back.receiving) == (False, True)

    def test_what_still_runs_as_a_primary_is_not_made_a_standby(self, pair):
        pair.lose(pair.north)
        fenced = pair.perform("postgres.fence", server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        pair.come_back(pair.north)
        pair.start(pair.north)
        with pytest.raises(WrongTarget, match="role is primary, expected standby"):
            pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        with pytest.raises(DidNothing, match="still runs as a primary"):
            pair.perform("postgres.divergence", server=pair.north, primary=pair.south)
        assert pair.runs(pair.north)

    def test_nothing_follows_a_standby(self, pair):
        pair.perform("postgres.fence", server=pair.north)
        with pytest.raises(WrongTarget, match="role is standby, expected primary"):
            pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)

    def test_another_server_is_neither_rewound_nor_rebuilt(self, pair):
        pair.fail_over()
        for other in others(pair.north):
            with pytest.raises(WrongTarget, match="expected"):
                pair.perform("postgres.rejoin", server=other, primary=pair.south)
        for other in others(pair.north, "system_identifier", "cluster_name"):
            with pytest.raises(WrongTarget, match="expected"):
                pair.perform("postgres.rebuild", server=other, primary=pair.south)

    def test_following_is_asked_at_both_ends(self, pair):
        args = {"server": pair.south, "primary": pair.north}
        assert pair.perform("postgres.is-standby-of", **args).holds is True
        pair.crash(pair.north)
        assert pair.perform("postgres.is-standby-of", **args).holds is None

    def test_a_stopped_server_follows_nobody_and_nothing_of_an_attempt_that_is_gone_can_act_there(self, pair):
        pair.fail_over()
        self._did_not_happen(pair)

    def _did_not_happen(self, pair):
        """Another account's commands in a test beside this one look as if they were at work at this lab's machine."""
        prove = partial(pair.perform, "postgres.is-standby-of", server=pair.north, primary=pair.south)
        until(lambda: prove().spent, "a machine at which nothing is at work", 150)
        assert prove().holds is False

    @pytest.mark.slow
    def test_of_a_stopped_server_at_which_a_command_is_still_at_work_that_is_not_said(self, pair):
        pair.fail_over()
        with pair.at_work(pair.north):
            proof = pair.perform("postgres.is-standby-of", 4, server=pair.north, primary=pair.south)
        assert (proof.holds, proof.spent) == (False, False), proof

    def test_whether_another_server_follows_is_not_told_by_the_one_that_lies_there(self, pair):
        pair.fail_over()
        for other in others(pair.north):
            with pytest.raises(WrongTarget, match="expected"):
                pair.perform("postgres.is-standby-of", server=other, primary=pair.south)

    def test_of_a_machine_that_is_gone_nobody_can_tell(self, pair):
        pair.lose(pair.north)
        proof = pair.perform("postgres.is-standby-of", server=pair.north, primary=pair.south)
        assert (proof.holds, proof.spent) == (None, False), proof

    @pytest.mark.parametrize(
        ("last", "parted"),
        [("history", False), ("history", True), ("keep", False), ("keep", True), ("rewind", True)],
    )
    def test_a_return_that_was_interrupted_is_made_anew_and_tells_what_was_kept(self, pair, last, parted):
        if parted:
            self._lost_with_two_words_of_its_own(pair)
        else:
            pair.fail_over()
        before = pair.words(pair.south)
        pair.begin_to_rejoin(pair.north, pair.south, last)
        self._did_not_happen(pair)
        back = pair.perform("postgres.rejoin", 60, server=pair.north, primary=pair.south)
        assert (back.diverged, back.rows_kept, back.receiving) == (parted, 2 if parted else 0, True)
        if parted:
            assert pair.kept(pair.north, back.kept) == {"alone", "only"}
        self._follows(pair, before)
        again = pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        assert (again.diverged, again.kept) == (False, None)

    def test_a_rewind_that_broke_off_is_nothing_to_begin_anew(self, pair):
        pair.fail_over()
        pair.break_a_rewind_off(pair.north)
        proof = pair.perform("postgres.is-standby-of", server=pair.north, primary=pair.south)
        assert (proof.holds, proof.spent) == (None, False), proof
        assert "a rewind of it broke off" in proof.because

    def test_a_server_is_copied_anew_and_its_files_are_kept(self, pair):
        self._lost_with_two_words_of_its_own(pair)
        built = pair.perform("postgres.rebuild", server=pair.north, primary=pair.south)
        assert built.receiving is True
        assert built.kept is not None
        self._follows(pair, {"both", "new"})

    def test_an_empty_machine_gets_a_copy(self, pair):
        pair.fail_over()
        pair.wipe(pair.north)
        built = pair.perform("postgres.rebuild", server=pair.north, primary=pair.south)
        assert (built.kept, built.receiving) == (None, True)

    def test_what_runs_is_not_copied_over(self, pair):
        with pytest.raises(DidNothing, match="it runs"):
            pair.perform("postgres.rebuild", server=pair.south, primary=pair.north)
        assert pair.runs(pair.south)

    def test_only_a_standby_is_started(self, pair):
        pair.crash(pair.south)
        assert pair.perform("postgres.start", server=pair.south).already is False
        assert pair.perform("postgres.start", server=pair.south).already is True
        pair.crash(pair.north)
        with pytest.raises(DidNothing, match="would start as a primary"):
            pair.perform("postgres.start", server=pair.north)
        assert not pair.runs(pair.north)

    def _lost_with_two_words_of_its_own(self, pair):
        pair.write(pair.north, "both")
        until(lambda: pair.words(pair.south) == {"both"}, "the row at the standby")
        pair.cut_link()
        pair.write(pair.north, "alone", "only")
        pair.lose(pair.north)
        fenced = pair.perform("postgres.fence", server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        pair.write(pair.south, "new")
        pair.come_back(pair.north)
        pair.restore_link()

    def _follows(self, pair, words):
        until(lambda: pair.words(pair.north) == words, f"{words} at the old primary")
        proof = pair.perform("postgres.is-standby-of", server=pair.north, primary=pair.south)
        assert proof.holds is True
        assert pair.perform("postgres.accepts-writes", server=pair.north).holds is False


class TestMemory(LooksContract, FenceContract, PromoteContract, ReturnContract):
    @pytest.fixture
    def pair(self):
        return PairInMemory()

    @pytest.mark.parametrize("by", [("powered-off",), ("stopped", "powered-off")])
    def test_a_controller_that_says_off_of_a_machine_that_still_answers_is_not_believed(self, pair, by):
        pair.hold(pair.north)
        pair.let_controller_lie(pair.north)
        with pytest.raises(MayHaveActed, match="the machine still answers"):
            pair.perform("postgres.fence", seconds=3, server=pair.north, by=by)


@pytest.fixture(scope="module")
def lab_pair(own_lab):
    pair = PairInLab(own_lab)
    with pair.world:
        yield pair


@pytest.mark.lab
class TestLab(LooksContract, FenceContract, PromoteContract, ReturnContract):
    @pytest.fixture
    def pair(self, lab_pair):
        lab_pair.fresh()
        return lab_pair

    @pytest.mark.parametrize("site", ["north", "south"])
    def test_a_server_that_nobody_has_described_says_what_it_is(self, pair, site):
        known = getattr(pair, site)
        names = ("data_directory", "cluster_name", "system_identifier", "binaries")
        nobody = known.model_copy(update=dict.fromkeys(names, ""))
        told = pair.postgres.introduced(nobody, occasion().deadline)
        assert told == {name: getattr(known, name) for name in names}

    def test_a_server_that_is_gone_says_nothing_of_itself(self, pair):
        pair.crash(pair.south)
        with pytest.raises(Unreachable):
            pair.postgres.introduced(pair.south, occasion().deadline)

    def test_a_request_to_promote_that_arrives_late_does_nothing(self, pair):
        late = str(time.time() - 1)
        with pair.postgres._sessions.with_right(pair.south, occasion().deadline, "standby") as right:
            found = right.found
            who = (found.system_identifier, found.cluster_name, found.data_directory, str(found.port))
            rows = right.session.rows(statements.PROMOTE, occasion().deadline, *who, late, changes=True)
        assert rows == [(None,)]
        assert pair.perform("postgres.is-primary", server=pair.south).holds is False

    def test_a_scratch_restore_beside_a_server_is_not_taken_for_it(self, pair):
        """It has the same system identifier, and here even stands where the server should."""
        scratch = pair.scratch_of(pair.south)
        for server, differs in (
            (scratch.model_copy(update={"data_directory": pair.south.data_directory}), "data directory"),
            (scratch.model_copy(update={"cluster_name": pair.south.cluster_name}), "cluster name"),
        ):
            with pytest.raises(WrongTarget, match=f"its {differs} is"):
                pair.perform("postgres.checkpoint", server=server)
            with pytest.raises(WrongTarget, match=r"its .* is"):
                pair.perform("postgres.fence", server=server)

    def test_a_killed_server_is_started_when_somebody_has_taken_note_of_its_end(self, pair):
        """PostgreSQL would take what is left of it for a server that runs."""
        pair.crash(pair.south)
        files = Path(pair.south.data_directory, "postmaster.pid")
        dead = subprocess.Popen(["true"], **servers_account().popen())
        until(lambda: "Z" in Path(f"/proc/{dead.pid}/stat").read_text().rpartition(")")[2], "its end")
        files.write_text(re.sub(r"\A\d+", str(dead.pid), files.read_text()))
        notes = threading.Timer(2, dead.wait)
        notes.start()
        assert pair.perform("postgres.start", 60, server=pair.south).already is False
        notes.join()

    def test_a_rewound_server_keeps_its_own_configuration(self, pair):
        own = Path(pair.north.data_directory, "postgresql.auto.conf")
        own.write_text("log_min_messages = 'error'\n")
        self._lost_with_two_words_of_its_own(pair)
        pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        assert own.read_text() == "log_min_messages = 'error'\n"
        assert not Path(f"{pair.north.data_directory}.configuration").exists()

    def test_a_server_whose_configuration_names_another_primary_is_told_whom_to_follow(self, pair):
        conf = Path(pair.north.data_directory).parent / "machine.conf"
        first = conf.read_text()
        conf.write_text(
            "\n".join(line for line in first.splitlines() if not line.startswith("primary_")) + "\n"
        )
        pair.fail_over()
        try:
            back = pair.perform("postgres.rejoin", server=pair.north, primary=pair.south)
        finally:
            conf.write_text(first)
        passwords = Path(f"{pair.north.data_directory}.pgpass")
        assert back.receiving is True
        assert passwords.stat().st_mode & 0o777 == 0o600
        assert (
            pair.vault.secret(pair.south.replicator_password)
            not in Path(pair.north.data_directory, "postgresql.auto.conf").read_text()
        )

    def test_no_password_stands_on_a_command_line(self, pair):
        pair.fail_over()
        seen: set[str] = set()
        enough = threading.Event()
        watcher = threading.Thread(target=_watch_command_lines, args=(seen, enough))
        watcher.start()
        pair.perform("postgres.rebuild", server=pair.north, primary=pair.south)
        enough.set()
        watcher.join()
        assert any("pg_basebackup" in line for line in seen)
        for reference in (pair.north.password, pair.north.replicator_password):
            assert not any(pair.vault.secret(reference) in line for line in seen)


def _watch_command_lines(seen: set[str], enough: threading.Event) -> None:
    while not enough.is_set():
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                seen.add(line.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
