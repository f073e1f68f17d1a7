from __future__ import annotations

import threading
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
    over = threading.Event()

    def attempt(within: timedelta) -> bool:
        assert within == timedelta(milliseconds=1)
        answer = next(answers, None)
        if answer is None:
            over.set()
        return bool(answer)

    probe = RunningProbe(Probe(write="ledger", every=timedelta(milliseconds=1), misses=2), attempt)
    assert over.wait(10)
    probe.stop()
    assert probe.proposed is not None


def test_nobody_listening_is_a_miss():
    assert ProbeWrites(Endpoint(address="127.0.0.1", port=1), "login", 1)(timedelta(seconds=1)) is False
