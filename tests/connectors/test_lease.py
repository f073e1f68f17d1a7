"""What every `lease.*` must do, and the evidence that a lease has run out: on a lab's servers and in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from drills.lab import faults
from drills.lab.direct import DirectWrites
from seawall.actions import Deadline
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.evidence import LeaseExpired
from seawall.lease import boottime
from seawall.targets import Lease
from tests.conftest import a_lab
from tests.connectors.conftest import until
from tests.connectors.pairs import PairInLab, PairInMemory
from tests.connectors.servers import occasion
from tests.connectors.test_postgres import about

BY_LEASE = ("stopped", "powered-off", "lease-expired")


class LeaseContract:
    """What every pair with leases must do."""

    @pytest.fixture
    def pair(self):
        raise NotImplementedError

    @pytest.fixture
    def slow_to_expire(self, pair):
        """A pair whose leases run long enough for other evidence to come first."""
        return pair

    def test_its_state_says_who_holds_it(self, pair):
        seen = pair.perform("lease.state", server=pair.north)
        assert (seen.says, seen.may_be_held, seen.term) == ("held", True, pair.north.lease.term)
        assert pair.perform("lease.may-be-held", server=pair.north, peer=pair.south).holds is True
        assert pair.perform("lease.is-expired", server=pair.north).holds is False
        assert [one for one in pair.lease.check([pair.north], occasion().deadline) if not one.well] == []

    def test_expired_it_opens_a_promotion_and_says_what_was_seen(self, pair):
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        seen = fenced.evidence
        assert isinstance(seen, LeaseExpired)
        assert fenced.server == pair.north.name
        assert len(seen.places) >= 2
        assert seen.waited >= seen.term + seen.drift >= pair.north.lease.term + pair.north.lease.drift
        assert seen.guard
        state = pair.perform("lease.state", server=pair.north)
        assert (state.says, state.slot) == ("revoked", seen.slot)
        promoted = pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        assert promoted.server == pair.south.name

    def test_it_is_proven_to_whoever_finds_it_revoked_and_that_opens_a_promotion_too(self, pair):
        pair.perform("lease.expire", seconds=60, server=pair.north)
        found = pair.perform("lease.is-expired", seconds=60, server=pair.north)
        assert found.holds is True
        assert pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=found.stand_in())

    def test_with_less_time_than_a_term_nothing_is_begun(self, pair):
        with pytest.raises(DidNothing, match="less than that was left"):
            pair.perform("lease.expire", seconds=2, server=pair.north)
        assert pair.perform("lease.state", server=pair.north).says == "held"

    def test_of_a_machine_that_is_gone_and_a_controller_that_is_silent_the_lease_still_gives_evidence(
        self, pair
    ):
        pair.lose(pair.north)
        pair.lose_controller()
        fenced = pair.perform("postgres.fence", seconds=60, server=pair.north, by=BY_LEASE)
        assert fenced.evidence.kind == "lease-expired"
        assert pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)

    def test_what_can_be_stopped_is_stopped_and_its_lease_is_revoked_beside_it(self, slow_to_expire):
        pair = slow_to_expire
        fenced = pair.perform("postgres.fence", seconds=60, server=pair.north, by=BY_LEASE)
        assert fenced.evidence.kind == "stopped"
        assert pair.perform("lease.state", server=pair.north).says == "revoked"
        pair.perform("postgres.unfence", seconds=60, server=pair.north, peer=pair.south)
        assert pair.perform("lease.state", server=pair.north).may_be_held is True

    def test_of_a_server_that_is_another_nothing_is_changed_and_its_users_stay(self, slow_to_expire):
        pair = slow_to_expire
        another = pair.north.model_copy(update={"data_directory": "/srv/scratch/login"})
        with pytest.raises(WrongTarget, match="data directory"):
            pair.perform("postgres.fence", seconds=60, server=another, by=BY_LEASE)
        assert pair.perform("lease.state", server=pair.north).may_be_held is True

    def test_granted_since_the_evidence_opens_nothing(self, pair):
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        assert pair.perform("lease.grant", server=pair.north, peer=pair.south).may_be_held is True
        with pytest.raises(DidNothing, match="not revoked any more"):
            pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        pair.start_guard(pair.north)
        with pytest.raises(DidNothing, match="not revoked any more"):
            pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)

    def test_a_guard_that_was_started_after_the_revocation_holds_nothing(self, pair):
        pair.perform("lease.expire", seconds=60, server=pair.north)
        pair.start_guard(pair.north)
        assert pair.perform("lease.state", server=pair.north).says == "revoked"

    def test_evidence_about_anything_else_opens_nothing(self, pair):
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        nothing = timedelta(0)
        for changed, says in (
            ({"server": "south-db/login"}, "server is south-db/login"),
            ({"host": "south-db"}, "host is south-db"),
            ({"system_identifier": "1"}, "system identifier is 1"),
            ({"evidence_waited": timedelta(seconds=1)}, "waited out for 1s"),
            ({"evidence_term": nothing, "evidence_drift": nothing, "evidence_waited": nothing}, "0s of"),
            ({"evidence_word": "another"}, "holds another word"),
            ({"evidence_slot": 99}, "not revoked any more"),
        ):
            evidence = about(fenced, **changed)
            with pytest.raises(DidNothing, match=says):
                pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=evidence)
            assert pair.perform("postgres.standby-state", server=pair.south).in_recovery is True

    def test_a_lease_is_not_granted_where_neither_is_a_standby(self, pair):
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        with pytest.raises(DidNothing, match="south-db/login is no standby"):
            pair.perform("lease.grant", server=pair.north, peer=pair.south)
        assert pair.perform("lease.state", server=pair.north).says == "revoked"

    def test_to_whom_was_promoted_it_is_granted_by_the_evidence_that_the_other_is_fenced(self, pair):
        pair.perform("lease.expire", seconds=60, server=pair.south)
        pair.lose(pair.north)
        fenced = pair.perform("postgres.fence", seconds=60, server=pair.north, by=BY_LEASE)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        to = {"server": pair.south, "peer": pair.north}
        for wrong in (None, about(fenced, server="south-db/login"), about(fenced, host="south-db")):
            with pytest.raises(DidNothing, match="not granted"):
                pair.perform("lease.grant", **to, evidence=wrong)
        assert pair.perform("lease.grant", **to, evidence=fenced).may_be_held is True

    def test_a_standby_may_be_granted_its_lease(self, pair):
        pair.perform("lease.expire", seconds=60, server=pair.south)
        assert pair.perform("lease.grant", server=pair.south, peer=pair.north).may_be_held is True

    def promoted(self, pair):
        """Move the service by plan, as far as the promotion; return who the old primary and the new one are."""
        fenced = pair.perform("postgres.fence", seconds=60, server=pair.north, by=("stopped",))
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        return {"server": pair.north, "peer": pair.south}

    def test_users_are_kept_out_of_a_server_whose_peer_has_taken_its_place(self, pair):
        moved = self.promoted(pair)
        assert pair.perform("lease.is-revoked", **moved).holds is False
        assert pair.perform("lease.revoke", **moved).says == "revoked"
        assert pair.perform("lease.is-revoked", **moved).holds is True
        pair.start_guard(pair.north)
        assert pair.perform("lease.state", server=pair.north).says == "revoked"

    def test_nobody_is_kept_out_of_the_primary(self, pair):
        with pytest.raises(DidNothing, match="is a standby, and its users would be kept out of the primary"):
            pair.perform("lease.revoke", server=pair.north, peer=pair.south)
        pair.lose(pair.south)
        with pytest.raises(DidNothing):
            pair.perform("lease.revoke", server=pair.north, peer=pair.south)
        with pytest.raises(DidNothing, match="not its peer"):
            pair.perform("lease.revoke", server=pair.north, peer=pair.north)
        assert pair.perform("lease.state", server=pair.north).may_be_held is True

    def test_a_lease_that_no_guard_ever_held_keeps_out_all_the_same_and_is_no_evidence(self, pair):
        """Nor is it when it is granted and revoked again: words alone close no way to a server."""
        moved = self.promoted(pair)
        unguarded = pair.north.model_copy(update={"name": "north-db/nobodys"})
        assert pair.perform("lease.revoke", server=unguarded, peer=moved["peer"]).may_be_held is False
        for _ in range(2):
            assert pair.perform("lease.is-expired", seconds=60, server=unguarded).holds is False
            with pytest.raises(DidNothing, match="no guard has ever held"):
                pair.perform("lease.expire", seconds=60, server=unguarded)
            pair.leases.grant(unguarded, Deadline.within(timedelta(minutes=1)), by="anna", why="a test")
            pair.leases.keep_out(unguarded, Deadline.within(timedelta(minutes=1)), by="bo", why="a test")

    def test_a_server_is_no_peer_of_its_own(self, pair):
        with pytest.raises(DidNothing, match="not its peer"):
            pair.perform("lease.grant", server=pair.north, peer=pair.north)

    def test_with_one_place_gone_it_is_revoked_and_with_two_nothing_is(self, pair):
        pair.lose_places(0)
        assert len(pair.perform("lease.expire", seconds=60, server=pair.north).evidence.places) == 2
        pair.lose_places(1)
        for name in ("lease.state", "lease.expire"):
            with pytest.raises(Unreachable, match="no majority"):
                pair.perform(name, seconds=60, server=pair.south)

    def revoked_at_the_last_two(self, pair):
        """Revoke a lease where the first place missed it, and lose one of the others; return what was shown."""
        pair.lose_places(0)
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        pair.bring_back_place(0)
        pair.lose_places(1)
        return fenced

    def test_a_word_that_a_silent_place_may_hold_too_is_unknown_and_not_the_word_before_it(self, pair):
        self.revoked_at_the_last_two(pair)
        for name in ("lease.state", "lease.is-expired"):
            with pytest.raises(Unreachable, match="no majority"):
                pair.perform(name, seconds=60, server=pair.north)

    def test_of_such_a_word_whoever_goes_by_it_makes_sure_first(self, pair):
        fenced = self.revoked_at_the_last_two(pair)
        assert pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)
        assert pair.perform("lease.state", server=pair.north).says == "revoked"

    def test_such_a_word_keeps_nobody_from_granting_and_from_revoking_again(self, pair):
        self.revoked_at_the_last_two(pair)
        assert pair.perform("lease.grant", server=pair.north, peer=pair.south).may_be_held is True
        until(lambda: pair.perform("lease.state", server=pair.north).may_be_held, "granted")
        assert pair.perform("lease.expire", seconds=60, server=pair.north)

    def test_a_fence_that_cannot_read_such_a_word_revokes_all_the_same(self, pair):
        self.revoked_at_the_last_two(pair)
        pair.lose(pair.north)
        pair.lose_controller()
        fenced = pair.perform("postgres.fence", seconds=60, server=pair.north, by=BY_LEASE)
        assert fenced.evidence.kind == "lease-expired"

    def test_evidence_that_cannot_be_looked_at_again_opens_nothing(self, pair):
        fenced = pair.perform("lease.expire", seconds=60, server=pair.north)
        pair.lose_places(0, 1)
        with pytest.raises(DidNothing, match="no majority"):
            pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=fenced)

    def test_a_server_without_a_lease_has_none_to_run_out(self, pair):
        bare = pair.north.model_copy(update={"lease": None})
        with pytest.raises(DidNothing, match="has no lease"):
            pair.perform("lease.expire", seconds=60, server=bare)

    def test_a_lease_that_no_guard_ever_held_proves_nothing(self, pair):
        unguarded = pair.north.model_copy(update={"name": "north-db/other"})
        with pytest.raises(DidNothing, match="no guard has ever held"):
            pair.perform("lease.expire", seconds=60, server=unguarded)


SHORT = Lease(term=timedelta(seconds=2), drift=timedelta(milliseconds=200), renew=timedelta(milliseconds=500))


class TestMemory(LeaseContract):
    @pytest.fixture
    def slow_to_expire(self):
        return PairInMemory()

    @pytest.fixture
    def pair(self, slow_to_expire):
        """The same, as if its leases had always been short."""
        pair = slow_to_expire
        pair.north, pair.south = (one.model_copy(update={"lease": SHORT}) for one in (pair.north, pair.south))
        for store in pair.stores:
            store.kept.clear()
        for server in (pair.north, pair.south):
            pair.start_guard(server)
        return pair

    def test_revoked_and_the_wait_not_over_is_in_doubt_and_nothing_is_shown(self, slow_to_expire):
        """The limit was long enough for the inventory's term, and the guard goes by a longer one."""
        pair = slow_to_expire
        longer = pair.north.lease.model_copy(update={"term": timedelta(seconds=90)})
        pair.start_guard(pair.north.model_copy(update={"lease": longer}))
        with pytest.raises(MayHaveActed, match="users may be let in for another 91 s"):
            pair.perform("lease.expire", seconds=60, server=pair.north)
        assert pair.perform("lease.is-expired", seconds=60, server=pair.north).holds is None


@pytest.fixture(scope="module")
def lab_pair():
    with a_lab(lease=SHORT) as layout:
        pair = PairInLab(layout)
        assert pair.places
        with pair.world:
            yield pair
        pair.places.close()


@pytest.mark.lab
class TestLab(LeaseContract):
    @pytest.fixture
    def pair(self, lab_pair):
        lab_pair.fresh()
        return lab_pair

    def test_users_are_let_in_while_it_is_held_and_by_nobody_when_it_is_not(self, pair):
        way_in = DirectWrites(pair.north, pair.vault.secret(pair.north.password))
        assert way_in() is True
        pair.perform("lease.expire", seconds=60, server=pair.north)
        way_in()  # the connection broke
        assert way_in() is False
        assert pair.perform("postgres.state", server=pair.north).role == "primary"
        pair.perform("lease.grant", server=pair.north, peer=pair.south)
        until(lambda: way_in() is True, "users let in again")
        way_in.close()

    def test_an_old_primary_that_is_started_by_hand_takes_no_users_writes(self, pair):
        moved = self.promoted(pair)
        pair.perform("lease.revoke", **moved)
        pair.unmark(pair.north)
        pair.start(pair.north)
        assert pair.perform("postgres.state", server=pair.north).role == "primary"
        way_in = DirectWrites(pair.north, pair.vault.secret(pair.north.password))
        until(lambda: way_in() is False, "the way closed", 30)
        over = boottime() + pair.north.lease.terms.term
        while boottime() < over:
            assert way_in() is False
        way_in.close()

    @pytest.mark.parametrize("fault", ["stop-guard", "kill-guard", "cut-guard-from-places"])
    def test_a_guard_that_cannot_renew_lets_nobody_in_after_its_term(self, pair, fault):
        way_in = DirectWrites(pair.north, pair.vault.secret(pair.north.password))
        assert way_in() is True
        at = boottime()
        faults.break_(pair.lab.folder, fault, pair.north.host.name)
        until(lambda: way_in() is False, "the way closed")
        assert boottime() < at + pair.north.lease.terms.term + 2
        way_in.close()
