"""Who responds in a drill held as a flow: plans the runbook, gives the yeses the scenario names, acts in tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefect.runtime import flow_run

from drills.outside import Responded
from flows.as_flow import RECORDED_WITHIN
from flows.hands import PrefectHands
from flows.place import Place, utc_now
from seawall.carrying import carry_out
from seawall.errors import SeawallError
from seawall.inbox import put
from seawall.journal import Answered, Approved, Asked, Event
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder
from seawall.state import State

HOW = "given by the drill"


@dataclass(frozen=True, slots=True)
class Responding:
    """Carries runbooks out at a place, inside the flow that calls."""

    here: Place

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Plan and carry out `runbook`. Raises: SeawallError when it could not be begun."""
        by = f"prefect:{flow_run.id}"
        run = self.here.open_run(runbook, parameters, exercise=exercise, by=by)
        for step in run.plan.steps:
            if step.approve is not None and step.skipped is None:
                for person in self._who_may(step.approve.by, approved_by):
                    put(run, Approved(at=utc_now(), step=step.id, by=person, how=HOW))

        def watch(event: Event, _state: State) -> None:
            if isinstance(event, Asked) and event.what == "person":
                self._answer(run, event, approved_by)

        hands = PrefectHands(self.here.world, utc_now)
        try:
            carry_out(run, hands, utc_now, watch=watch, by=by)
        finally:
            hands.close(RECORDED_WITHIN)
        return Responded.of(run.path, run.plan, read_journal(run.journal_path))

    def _who_may(self, role: str, people: Sequence[str]) -> list[str]:
        may = self.here.city.inventory.with_role(role)
        return [person for person in people if person in may]

    def _answer(self, run: RunFolder, asked: Asked, people: Sequence[str]) -> None:
        for person in self._who_may(asked.of, people)[:1]:
            try:
                put(run, Answered(at=utc_now(), step=asked.step, by=person, answer="happened", why=HOW))
            except SeawallError:
                # The watch must not raise. The question stays open, and the run says so.
                return
