from __future__ import annotations

import threading
import time
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from drills.detect import ProbeWrites, Rule, RunningProbe
from seawall.inventory import Probe
from seawall.targets import Endpoint
from tests.drills.ledgers import at


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
def test_so_many_misses_in_a_row_propose_and_fewer_never_do(misses, answers):
    rule = Rule(misses)
    for number, served in enumerate(answers):
        rule.saw(served=served, at=at(number))
    rows = [
        number for number in range(misses, len(answers) + 1) if not any(answers[number - misses : number])
    ]
    assert rule.proposed == (at(rows[0] - 1) if rows else None)


def test_a_blip_shorter_than_the_rule_proposes_nothing():
    rule = Rule(3)
    for number, served in enumerate([True, False, False, True, False, False, True]):
        rule.saw(served=served, at=at(number))
    assert rule.proposed is None


def test_the_probe_proposes_after_its_misses_and_says_when():
    answers = iter([True, False, False])
    asked: list[timedelta] = []

    def attempt(within: timedelta) -> bool:
        asked.append(within)
        return next(answers, False)

    probe = RunningProbe(Probe(write="ledger", every=timedelta(milliseconds=1), misses=2), attempt)
    assert probe.proposed(timedelta(seconds=10)) is not None
    probe.stop()
    assert set(asked) == {timedelta(milliseconds=1)}


def test_one_miss_is_a_suspicion_and_an_answer_takes_it_back():
    turn, answers = threading.Semaphore(0), iter([False, True])

    def attempt(_within: timedelta) -> bool:
        turn.acquire(timeout=30)
        return next(answers, True)

    probe = RunningProbe(Probe(write="ledger", every=timedelta(milliseconds=1), misses=2), attempt)
    assert not probe.suspects(timedelta())
    turn.release()
    assert probe.suspects(timedelta(seconds=30))
    assert probe.proposed(timedelta()) is None
    turn.release()
    until = time.monotonic() + 30
    while probe.suspects(timedelta()) and time.monotonic() < until:
        time.sleep(0.001)
    assert not probe.suspects(timedelta())
    turn.release(1000)
    probe.stop()


def test_a_probe_that_is_answered_proposes_nothing_and_the_waiting_ends():
    probe = RunningProbe(Probe(write="ledger", every=timedelta(milliseconds=1), misses=2), lambda _: True)
    assert probe.proposed(timedelta(milliseconds=20)) is None
    probe.stop()


def test_nobody_listening_is_a_miss():
    assert ProbeWrites(Endpoint(address="127.0.0.1", port=1), "login", 1)(timedelta(seconds=1)) is False
