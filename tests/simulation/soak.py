"""Stories for as long as one likes, with other seeds each time: `python -m tests.simulation.soak [10m]`.

As many processes as there are cores. Ctrl-C ends it with the same summary.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.synchronize import Event as Stop
from typing import Any

from pydantic import TypeAdapter

from seawall.model import Duration, duration_text
from tests.simulation.installing import install
from tests.simulation.searching import failure
from tests.simulation.setting import Setting
from tests.simulation.story import Story

TOLD_EVERY = 10.0
"""Seconds between two lines about how far it is."""


def main(words: list[str]) -> int:
    """Soak; exit 1 when a story went wrong, 2 for words that are no time."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore Ctrl-C
    try:
        lasts: timedelta = TypeAdapter(Duration).validate_python(words[0] if words else "1m")
    except ValueError:
        print(f"soak: {words[0]!r} is no time. Say e.g. 10m: make soak FOR=10m", file=sys.stderr)
        return 2
    first = time.time_ns() // 1_000_000
    workers = os.cpu_count() or 1
    print(
        f"soak: stories from seed {first} on, for {duration_text(lasts)}, in {workers} processes; Ctrl-C ends it."
    )
    stop = multiprocessing.Event()
    told: Any = multiprocessing.SimpleQueue()
    those = [
        multiprocessing.Process(target=_tell, args=(first + n, workers, stop, told)) for n in range(workers)
    ]
    for one in those:
        one.start()
    try:
        counted = _listen(lasts, told)
    finally:
        stop.set()
    for one in those:
        one.join()
    return counted


def _tell(seed: int, step: int, stop: Stop, told: Any) -> None:
    """Tell stories until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began this one ends it
    install()
    while not stop.is_set():
        story = Story(Setting.drawn(seed)).play()
        told.put((dict(story.struck), failure(story) if story.wrongs else ""))
        seed += step


def _listen(lasts: timedelta, told: Any) -> int:
    began = shown = time.monotonic()
    count, wrong = 0, 0
    struck: Counter[str] = Counter()
    try:
        while (now := time.monotonic()) < began + lasts.total_seconds():
            if now >= shown + TOLD_EVERY:
                shown = now
                print(f"soak: {count} seeds, {count / (now - began):.0f} a second, {wrong} wrong", flush=True)
            if told.empty():
                time.sleep(0.01)
                continue
            faults, failed = told.get()
            count += 1
            struck.update(faults)
            if failed:
                wrong += 1
                print(failed, flush=True)
    except KeyboardInterrupt:
        print()
    took = time.monotonic() - began
    print(f"soak: {count} seeds in {took:.0f} s, {count / took:.0f} a second; {wrong} went wrong.")
    print("soak: faults: " + ", ".join(f"{name} {times}" for name, times in struck.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
