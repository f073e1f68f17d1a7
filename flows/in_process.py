"""Carry a run out as a Prefect flow in this process, so that losing Prefect loses the view and never the run.

Whoever takes the run first drives it: the flow, when Prefect calls it in time; else this thread, without Prefect. When
the run has ended, Prefect gets a little time to take that in, and is then left behind in a daemon thread.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from flows import api
from seawall.decide import Ask, Finish
from seawall.drive import Hands

BEGINS_WITHIN = 3.0
"""Seconds Prefect has to call the flow, its import of 1.3 s included; then the run starts without it."""
TAKES_IN_WITHIN = 4.0
"""Seconds Prefect has after the run's end, 1 s of which its own heartbeat thread takes."""
UNWINDS_WITHIN = 1.0
"""Seconds a stopped driver has to let go of its journal and claims; it looks up every 20 ms."""

Carry = Callable[[Hands], Finish | Ask]
"""Carries the run out with whatever hands it is given."""


@dataclass(frozen=True, slots=True)
class PrefectView:
    """What Prefect saw of a run.

    Attributes:
        flow_run: the flow run's id there; None when there is none.
        url: where a person looks at it.
        missed: what Prefect did not see, and why; empty when it saw everything.
    """

    flow_run: str | None = None
    url: str | None = None
    missed: str = ""


class Carrying:
    """One carrying-out, by whoever takes it first.

    Attributes:
        begun: set when it was taken.
        over: set when it has come to `end`, or to `error`.
        by_prefect: whether a flow took it.
        problem: why Prefect saw nothing, or not the end.
        notes: what Prefect was late for.
        stop: ends the driver, as Ctrl-C would.
    """

    def __init__(self, carry: Carry) -> None:
        self.begun, self.over = threading.Event(), threading.Event()
        self.end: Finish | Ask | None = None
        self.error: BaseException | None = None
        self.flow_run: str | None = None
        self.url: str | None = None
        self.by_prefect = False
        self.problem: str | None = None
        self.notes: list[str] = []
        self.stop: Callable[[], None] = lambda: None
        self._carry = carry
        self._free = threading.Lock()

    def take(self, *, by_prefect: bool = False) -> bool:
        """Take the run, or learn that somebody else did."""
        if not self._free.acquire(blocking=False):
            return False
        self.by_prefect = by_prefect
        self.begun.set()
        return True

    def carry_out(self, hands: Hands) -> None:
        """Carry the run out, having taken it."""
        try:
            self.end = self._carry(hands)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits for it
            self.error = error
        finally:
            self.over.set()

    def result(self) -> Finish | Ask:
        """Return how it ended. Raises: what the carrying-out raised."""
        if self.error is not None:
            raise self.error
        assert self.end is not None
        return self.end


def carry_in_view(
    carry: Carry,
    *,
    plain: Callable[[], Hands],
    under_prefect: Callable[[Carrying, str], None],
    prefect_api: str | None = None,
) -> tuple[Finish | Ask, PrefectView]:
    """Carry a run out, as a Prefect flow if that can be had at once.

    Args:
        carry: carries it out with the hands it is given.
        plain: makes the hands that act without Prefect.
        under_prefect: begins a flow at an API that takes the `Carrying`; called in a thread of its own, and may hang.
        prefect_api: where Prefect's API is, when the environment does not say.

    Raises:
        What `carry` raises; KeyboardInterrupt once the driver has let go.
    """
    url = prefect_api or api.api_url()
    carrying = Carrying(carry)
    if url is None or not api.answers(url):
        carrying.take()
        carrying.carry_out(plain())
        missed = (
            "no Prefect is set; PREFECT_API_URL says where it is"
            if url is None
            else f"Prefect did not answer at {url}"
        )
        return carrying.result(), PrefectView(missed=missed)
    beside = threading.Thread(target=under_prefect, args=(carrying, url), name="prefect", daemon=True)
    beside.start()
    try:
        _wait_for_the_flow(carrying, beside)
        if carrying.take():
            carrying.carry_out(plain())
        carrying.over.wait()
    except KeyboardInterrupt:
        if not carrying.take():
            carrying.stop()
            carrying.over.wait(UNWINDS_WITHIN)
        raise
    taken_in = carrying.by_prefect and _let_prefect_take_in(beside, url)
    return carrying.result(), _view(carrying, taken_in=taken_in)


def end_process(code: int) -> NoReturn:
    """End this process now. Prefect, when its server is gone, would keep an ordinary exit waiting for minutes."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(
            OSError, ValueError, AttributeError
        ):  # closed, or given up because whoever read it has gone
            stream.flush()
    os._exit(code)


def _wait_for_the_flow(carrying: Carrying, beside: threading.Thread) -> None:
    end = time.monotonic() + BEGINS_WITHIN
    while not carrying.begun.wait(0.02) and beside.is_alive() and time.monotonic() < end:
        pass


def _let_prefect_take_in(beside: threading.Thread, url: str) -> bool:
    end = time.monotonic() + TAKES_IN_WITHIN
    while beside.is_alive() and time.monotonic() < end:
        beside.join(0.25)
        if beside.is_alive() and not api.answers(url):
            break
    return not beside.is_alive()


def _view(carrying: Carrying, *, taken_in: bool) -> PrefectView:
    missed = "; ".join(carrying.notes)
    if carrying.problem is not None:
        missed = carrying.problem
    elif not carrying.by_prefect:
        missed = f"Prefect was not ready within {BEGINS_WITHIN:.0f} s, so the run went on without it"
    elif not taken_in:
        missed = "Prefect was lost on the way and does not know how the run ended; the journal does"
    return PrefectView(carrying.flow_run, carrying.url, missed)
