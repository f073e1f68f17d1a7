"""A run outlives the terminal it was started from: a phone that loses its connection must not stop a failover."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def surviving_the_terminal() -> Iterator[None]:
    """Ignore the hang-up of the terminal, and let `kill` end a run as cleanly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    terminate = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, hang_up)
        signal.signal(signal.SIGTERM, terminate)
