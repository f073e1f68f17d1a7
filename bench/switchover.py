"""A planned move under load: how long writes are refused, and that none is lost, by the ledger on the users' side.

Beside it the same move by hand. Each round goes the other way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.hand import by_hand
from bench.place import Place, lab, move
from bench.shape import Budget, Measured, Samples, ratio
from drills.count import count_lost, silences, total
from drills.lab.outside import LabOutside
from drills.ledger import Tried
from drills.ledger_running import RunningLedger

ROUNDS = 10
WRITERS, WRITES = 4, 100.0
BEFORE, AFTER = 0.7, 0.7
"""Seconds of writing on either side of the move."""
AT_MOST = timedelta(minutes=2)
REFUSED = 0.25


@dataclass(frozen=True, slots=True)
class Round:
    """What users saw of one move. Seconds.

    Attributes:
        refused: from the first refused write until three in a row were taken.
        pause: the longest time between two acknowledgements, all writers together.
    """

    refused: float
    pause: float
    lost: int


def run() -> Measured:
    """Measure both ways to move."""
    ours, hand = [], []
    with lab() as here:
        for _ in range(ROUNDS):
            ours.append(_held(here, lambda: move(here, mode="planned")))
            here.come_back()
            with by_hand(here) as script:
                hand.append(_held(here, lambda: script.run("switchover.sh")))
            here.come_back()
    refused = _samples("writes refused", ours, hand, lambda one: one.refused)
    pause = _samples("longest pause between two writes", ours, hand, lambda one: one.pause)
    return Measured(
        question=f"For how long does a planned move refuse writes ({WRITES:g} a second), and how many does it lose?",
        samples=(*refused, *pause),
        ratios=(ratio(*refused), ratio(*pause)),
        budgets=(
            Budget(
                of="seconds in which writes are refused, median", at_most=REFUSED, is_now=refused[0].median
            ),
            Budget(of=f"writes lost in {ROUNDS} moves", at_most=0, is_now=sum(one.lost for one in ours)),
        ),
        beside=f"By hand {sum(one.lost for one in hand)} writes were lost in {ROUNDS} moves.",
    )


def _held(here: Place, moved: Callable[[], object]) -> Round:
    with TemporaryDirectory(prefix="ledger-") as folder:
        with RunningLedger(
            here.layout.front,
            Path(folder) / "ledger",
            name="login.city.example",
            writers=WRITERS,
            writes=WRITES,
            at_most=AT_MOST,
        ) as ledger:
            time.sleep(BEFORE)
            moved()
            time.sleep(AFTER)
            tries = ledger.stop()
        survivors = LabOutside(here.layout.folder, here.desk.city.inventory).rows("login")
    refused = total(silences(tries))
    if refused is None:
        message = "the service did not come back within the round"
        raise RuntimeError(message)
    return Round(
        refused.total_seconds(), _pause(tries), len(count_lost(tries, survivors, disruption=None).lost)
    )


def _pause(tries: Sequence[Tried]) -> float:
    taken = sorted(one.ended for one in tries if one.accepted)
    return max((later - earlier).total_seconds() for earlier, later in pairwise(taken))


def _samples(
    what: str, ours: Sequence[Round], hand: Sequence[Round], of: Callable[[Round], float]
) -> tuple[Samples, Samples]:
    return (
        Samples(of=f"{what}: seawall", unit="s", values=tuple(map(of, ours))),
        Samples(of=f"{what}: by hand", unit="s", values=tuple(map(of, hand))),
    )
