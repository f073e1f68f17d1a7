"""An unplanned failover, from its declaration until the service is seen to take a write again.

Ours is the runbook as an operator would run it without Prefect, in this process; beside it the same steps by hand, once
with what ours does at the three places and once without, and the bare promotion that no way can be faster than. Every
round goes the other way; the lost side comes back in between.
"""

from __future__ import annotations

import time

import psycopg

from bench.hand import WRITE, by_hand
from bench.place import Place, lab, move
from bench.shape import Budget, Measured, Samples, ratio

ROUNDS = 20
OTHERS = 10
MEDIAN, WORST = 0.3, 0.5
SETTLES = 0.3
"""Seconds between the fault and the declaration, for its own noise to be over."""

FAULTS = {"stopped": "web", "powered-off": "db"}
"""Evidence, and the machine at the active site that is killed: the web server alone, or the database's own machine."""


def run() -> Measured:
    """Measure with both kinds of evidence."""
    samples: list[Samples] = []
    ratios, budgets = [], []
    with lab() as here:
        for evidence, machine in FAULTS.items():
            ours, hand, careless, bare = _rounds(here, evidence, machine)
            samples += [ours, hand, careless, bare]
            ratios += [ratio(ours, hand), ratio(ours, careless), ratio(ours, bare)]
            budgets += [
                Budget(of=f"{evidence}: seconds, median", at_most=MEDIAN, is_now=ours.median),
                Budget(of=f"{evidence}: seconds, worst of {ROUNDS}", at_most=WORST, is_now=ours.worst),
                Budget(
                    of=f"{evidence}: as many times by hand", at_most=1.0, is_now=ours.median / hand.median
                ),
            ]
    return Measured(
        question="How long does an unplanned failover take, from its declaration to the first write seen?",
        samples=tuple(samples),
        ratios=tuple(ratios),
        budgets=tuple(budgets),
        beside="By hand compares no identities, keeps no file here and leaves the name in DNS alone; with nothing at"
        " the places it claims nothing and writes nothing down.",
    )


def _rounds(here: Place, evidence: str, machine: str) -> tuple[Samples, Samples, Samples, Samples]:
    ours: list[float] = []
    hand: list[float] = []
    careless: list[float] = []
    bare: list[float] = []
    for number in range(ROUNDS):
        _break(here, machine)
        ours.append(move(here, mode="disaster"))
        here.come_back()
        if number % (ROUNDS // OTHERS) == 0:
            for taken, places in ((hand, True), (careless, False)):
                with by_hand(here) as script:
                    _break(here, machine)
                    taken.append(script.run("failover.sh", places=places))
                here.come_back()
            bare.append(_promoted(here))
            here.come_back()
    return (
        Samples(of=f"{evidence}: seawall", unit="s", values=tuple(ours)),
        Samples(of=f"{evidence}: by hand, bash over open ssh connections", unit="s", values=tuple(hand)),
        Samples(of=f"{evidence}: by hand, and nothing at the places", unit="s", values=tuple(careless)),
        Samples(of=f"{evidence}: the bare promotion", unit="s", values=tuple(bare)),
    )


def _break(here: Place, machine: str) -> None:
    here.kill(f"{here.active}-{machine}")
    time.sleep(SETTLES)


def _promoted(here: Place) -> float:
    """Kill the primary's machine, promote its standby over an open connection, and write every 2 ms until it takes."""
    with here.superuser(here.standby) as connection:
        _break(here, "db")
        began = time.monotonic()
        connection.execute("SELECT pg_promote(wait => false)")
        while True:
            try:
                connection.execute(WRITE)
            except psycopg.errors.ReadOnlySqlTransaction:
                time.sleep(0.002)
            else:
                return time.monotonic() - began
