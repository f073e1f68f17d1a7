"""What could have begun where no copy of the journal shows it: the frontier of a run that was recovered from copies.

Copies show every change that began while two places answered. While they did not, the run went on for what was left of
its term, and changes may have begun of which no copy tells. Whoever recovers a run cannot know. So a
change that could have begun is in doubt when its turn comes: its proof is looked at, or a person is asked. When it
happened, those after it could have begun too; when it did not, none of those after it can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from seawall.journal import Recovered
from seawall.step_state import Stand, StepState


class Unseen:
    """The changes of one run that could have begun unseen, and whose turn has not come yet."""

    def __init__(self, followers: Mapping[str, Sequence[str]]) -> None:
        self._followers = followers
        self._names: set[str] = set()
        self._recovered: Recovered | None = None

    def recovered(self, steps: Iterable[StepState], event: Recovered) -> None:
        """Take note that the run was recovered from copies."""
        self._recovered = event
        # Whether a person has done their step they are asked in any case.
        changes = (one for one in steps if one.step.changes and one.step.by is None)
        self._names = {one.step.id for one in changes if one.stand is Stand.WAITING}

    def begun(self, one: StepState) -> bool:
        """Tell whether a step whose turn has come could have begun unseen; then it is in doubt from here on."""
        if one.step.id not in self._names or self._recovered is None:
            return False
        self._names.discard(one.step.id)
        at, let_go = self._recovered.at, self._recovered.uptime is not None and not self._recovered.waited
        # When their term was waited out it has had all its time; whoever let go may have begun it just before.
        one.begin_unseen(at, at + one.step.within if let_go else at)
        return True

    def did_not_happen(self, name: str) -> None:
        """Take note that a change did not happen: nothing that waits for it can have begun."""
        left, reached = [name], {name}
        while self._names and left:
            fresh = set(self._followers[left.pop()]) - reached
            reached |= fresh
            left += fresh
        self._names -= reached
