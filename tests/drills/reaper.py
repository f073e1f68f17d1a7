"""`python -m tests.drills.reaper PROGRAM...` runs it, and takes up what it leaves behind, as a machine's init does.

The first process of a container may not: then a server that was killed stays as a zombie, and its lock file looks held.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36
"""prctl(2)."""
AT_MOST = 1800
"""Seconds after which it ends by itself, when whoever started it never did."""


def main() -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # What the lab knows its processes by: the program has it, and this does not, for it outlives the lab's machine.
    marks = dict(word.split("=", 1) for word in sys.argv[1].split(";"))
    if not os.fork():
        libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        os.execvpe(sys.argv[2], sys.argv[2:], {**os.environ, **marks})
    end = time.monotonic() + AT_MOST
    while time.monotonic() < end:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.05)  # until whoever started this ends it


if __name__ == "__main__":
    main()
