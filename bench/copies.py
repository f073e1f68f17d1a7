"""What an unplanned failover pays for its places: claims, term and a journal at a majority before each change.

The same runbook as `failover`, in turn with the places and as in a city that has none. The site that is lost takes its
place's store along in a third kind of round, which must not be slower: nobody waits for the third place.
"""

from __future__ import annotations

import time

from bench.place import Place, lab, move
from bench.shape import Budget, Measured, Samples, ratio

ROUNDS = 12
SETTLES = 0.3
MEDIAN = 0.3
"""The budget of an unplanned failover, which copies must not break."""


def run() -> Measured:
    """Measure all three in turn."""
    times: dict[str, list[float]] = {"copied": [], "here only": [], "copied, one store lost": []}
    with lab() as here:
        for _ in range(ROUNDS):
            for kind, taken in times.items():
                _break(here, lose_store=kind.endswith("lost"))
                taken.append(move(here, mode="disaster", copied=kind != "here only"))
                here.come_back()
    copied, only_here, without_store = (
        Samples(of=f"powered-off: {kind}", unit="s", values=tuple(values)) for kind, values in times.items()
    )
    return Measured(
        question="What does a failover pay for holding its claims, its term and its journal at three places?",
        samples=(copied, only_here, without_store),
        ratios=(ratio(copied, only_here), ratio(without_store, only_here)),
        budgets=(
            Budget(of="copied: seconds, median", at_most=MEDIAN, is_now=copied.median),
            Budget(of="with one store lost: seconds, median", at_most=MEDIAN, is_now=without_store.median),
        ),
        beside="The stores are on this machine and share its processors; a real place is a round trip away instead.",
    )


def _break(here: Place, *, lose_store: bool) -> None:
    here.kill(f"{here.active}-db")
    if lose_store:
        here.kill(f"{here.active}-store")
    time.sleep(SETTLES)
