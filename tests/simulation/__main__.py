"""`python -m tests.simulation --seed N [--trace]`: tell one story again. With `--many`, many from that seed on."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.installing import install
from tests.simulation.searching import failure, report
from tests.simulation.setting import Setting
from tests.simulation.story import Story


def main() -> int:
    """Tell stories, and exit 1 when something was wrong in one."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="which story")
    parser.add_argument("--many", type=int, default=1, help="how many, from that seed on")
    parser.add_argument("--trace", action="store_true", help="tell all that happens, a line each")
    asked = parser.parse_args()
    install()
    began, wrong = time.process_time(), 0
    for seed in range(asked.seed, asked.seed + asked.many):
        story = Story(Setting.drawn(seed), listen=asked.trace).play()
        wrong += bool(story.wrongs)
        if asked.many == 1:
            print(report(story, trace=asked.trace))
        elif story.wrongs:
            print(failure(story))
    if asked.many > 1:
        took = time.process_time() - began
        print(f"{asked.many} seeds, {took / asked.many * 1000:.1f} ms of a core each; {wrong} went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
