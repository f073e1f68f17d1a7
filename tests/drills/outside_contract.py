"""What every place a drill can be held in must do; held by the simulation and by the lab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from drills.ledger import Tried
from drills.outside import Clock, Ledger, Outside
from drills.scenario import KillSite, Load

LOAD = Load(service="login", writers=4, writes=100.0)
Until = Callable[[Callable[[], bool]], None]
"""Wait until something holds, and fail when it does not within a limit."""


class Reading:
    """Everything read from a ledger so far."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.tries = ledger, list[Tried]()

    def count(self, *, accepted: bool) -> int:
        self.tries += self.ledger.tail()
        return sum(one.accepted is accepted for one in self.tries)


class OutsideContract:
    """The place starts well, with the service at `serves`."""

    serves = "north"
    other = "south"

    @pytest.fixture
    def outside(self) -> Outside:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> Clock:
        raise NotImplementedError

    @pytest.fixture
    def until(self, clock: Clock) -> Until:
        def _until(holds: Callable[[], bool]) -> None:
            deadline = clock.now() + timedelta(seconds=60)
            while not holds():
                assert clock.now() < deadline, "waited 60 s in vain"
                clock.sleep(timedelta(milliseconds=20))

        return _until

    def test_what_users_were_promised_is_in_the_ledger_and_in_the_database(self, outside, until, tmp_path):
        reading = Reading(outside.users(LOAD, tmp_path / "ledger.jsonl"))
        until(lambda: reading.count(accepted=True) > 30)
        reading.tries += reading.ledger.stop()
        assert reading.ledger.stop() == ()
        acknowledged = {one.write for one in reading.tries if one.accepted}
        assert acknowledged <= outside.rows("login")
        assert {one.site for one in reading.tries} == {self.serves}
        assert all(one.began <= one.ended for one in reading.tries)

    def test_one_server_takes_writes_and_the_other_does_not(self, outside, clock):
        watch = outside.watch("login")
        clock.sleep(timedelta(seconds=1))
        looks = watch.stop()
        assert {look.accepted for look in looks[self.serves]} == {True}
        assert {look.accepted for look in looks[self.other]} == {False}
        assert len(looks[self.serves]) > 5
        assert {name: len(of) for name, of in watch.stop().items()} == {
            name: len(of) for name, of in looks.items()
        }

    def test_a_service_that_is_well_is_not_proposed(self, outside):
        probe = outside.probe("login")
        assert probe.proposed(timedelta(seconds=2)) is None
        probe.stop()
        probe.stop()

    def test_healing_what_is_whole_changes_nothing(self, outside):
        outside.heal()
        outside.heal()
        assert outside.rows("login") is not None

    def test_messages_come_in_the_order_in_which_they_arrived(self, outside):
        arrived = [one.at for one in outside.messages()]
        assert arrived == sorted(arrived)

    def test_a_lost_site_refuses_and_is_proposed_and_takes_no_writes_when_it_is_whole_again(
        self, outside, clock, until, tmp_path
    ):
        watch, probe = outside.watch("login"), outside.probe("login")
        reading = Reading(outside.users(LOAD, tmp_path / "ledger.jsonl"))
        until(lambda: reading.count(accepted=True) > 10)
        fault: dict[str, Any] = {"at": "0s", "break": "kill-site", "site": self.serves}
        outside.break_(KillSite.model_validate(fault))
        until(lambda: reading.count(accepted=False) > 10)
        assert probe.proposed(timedelta(seconds=10)) is not None
        outside.heal()
        clock.sleep(timedelta(seconds=1))
        assert watch.stop()[self.serves][-1].accepted is False
        probe.stop()
        reading.ledger.stop()
