"""What a change that stands rests on, so that taking back never pulls the ground from under it (ADR 17).

A fence stays while the promotion that it made safe stands: there is no way back from that one, and two writable
primaries would be the end of it. A message that has left rests on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from seawall.plan import Plan


class Ground:
    """What must stand because something else does. Tell it of what stands; it knows what that rests on."""

    def __init__(self, plan: Plan) -> None:
        self._steps = plan.by_id
        self._bears: dict[str, str] = {}
        self._stands: set[str] = set()
        self._walked: set[str] = set()

    def stands(self, name: str) -> None:
        """Note that the change of step `name` stays in the world, and so all that it rests on."""
        left = [name]
        while left:
            top = left.pop()
            if top in self._stands:
                continue
            self._stands.add(top)
            for under in self._rests_on(top):
                self._bears.setdefault(under, top)
                left.append(under)

    def bears(self, name: str) -> str | None:
        """Return a step that stands on step `name`; None when nothing does."""
        return self._bears.get(name)

    def _rests_on(self, name: str) -> Iterable[str]:
        """Yield what a step rests on: what its runbook says, or else everything that came before it, by order alone."""
        rests_on = self._steps[name].rests_on
        if rests_on is not None:
            yield from rests_on
            return
        left = [name]
        while left:
            for under in self._steps[left.pop()].after:
                if under not in self._walked:
                    self._walked.add(under)
                    left.append(under)
                    yield under
