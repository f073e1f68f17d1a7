"""What a run will need, had while a person still reads its plan: connections, libraries, models. It changes nothing.

What each action will need is the connector's to say (`Action.ready`). What cannot be had is passed over: the step that
needs it will meet the reason and say it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from pydantic import ValidationError

from seawall.actions import Action, Deadline, Ready, World
from seawall.plan import Plan, references

WITHIN = timedelta(seconds=5)
"""For everything together."""
SIDE_BY_SIDE = 8
"""Two cores of SSH's cryptography level off at about ten connections being made at once (reference: lab)."""
AT_MOST = 64
"""Things made ready, those of the first steps. What a thousand services need would be cold again at their turn."""


class Warming:
    """Things being made ready in the background, a few at a time. Nobody has to wait for it."""

    def __init__(self, wanted: Iterator[Ready]) -> None:
        self._wanted, self._deadline = wanted, Deadline.within(WITHIN)
        self._taking = threading.Lock()
        # Daemon threads: what hangs must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._make, name="warming", daemon=True) for _ in range(SIDE_BY_SIDE)
        ]
        for one in self._threads:
            one.start()

    def wait(self, limit: timedelta) -> bool:
        """Wait until everything that can be had is ready, at most so long. Tells whether it is over."""
        deadline = Deadline.within(limit)
        for one in self._threads:
            one.join(deadline.left)
        return not any(one.is_alive() for one in self._threads)

    def _make(self) -> None:
        while (one := self._next()) is not None and not self._deadline.passed:
            with contextlib.suppress(Exception):
                one.make(one.of, self._deadline)

    def _next(self) -> Ready | None:
        with self._taking, contextlib.suppress(Exception):
            return next(self._wanted, None)
        return None


def warm(world: World, plan: Plan) -> Warming:
    """Begin to have ready what the plan's steps will need of `world`; return at once."""
    return Warming(islice(_each_once(_needed(world, plan)), AT_MOST))


def _needed(world: World, plan: Plan) -> Iterator[Ready]:
    for step in plan.steps:
        if step.skipped is not None:
            continue
        yield from _for_a_call(world.get(step.uses or ""), step.args)
        if step.unless is not None:
            yield from _for_a_call(world.get(step.unless.uses), step.unless.args)


def _for_a_call(action: Action[Any, Any] | None, args: Mapping[str, Any]) -> Iterator[Ready]:
    if action is None:
        return
    # What an earlier step will see is not known yet. A call that cannot do without is left out: what that one needs
    # mostly serves both.
    known = {name: one for name, one in args.items() if not references(one)}
    with contextlib.suppress(ValidationError):
        valid = action.args.model_validate(known)
        yield from () if action.ready is None else action.ready(valid)
    action.seen.model_rebuild()  # now, as the arguments' model was, and not when the step has acted


def _each_once(wanted: Iterator[Ready]) -> Iterator[Ready]:
    seen: set[Ready] = set()
    for one in wanted:
        if one not in seen:
            seen.add(one)
            yield one
