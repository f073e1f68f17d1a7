"""Who responds in a drill held as a flow: plans the runbook, gives the yeses the scenario names, acts in tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from connectors.calling import Calling
from drills.obliging import Obliging
from drills.outside import Responded
from flows.as_flow import RECORDED_WITHIN
from flows.hands import PrefectHands
from flows.place import Place, configured, utc_now
from seawall.carrying import carry_out, newly_opened
from seawall.journal import Event
from seawall.journal_file import read_journal
from seawall.judging import judge_for
from seawall.page.keeping import Pages
from seawall.state import State
from seawall.steady import steady


@dataclass(frozen=True, slots=True)
class Responding:
    """Carries runbooks out at a place, inside the flow that calls."""

    here: Place

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Plan and carry out `runbook`. Raises: SeawallError when it could not be begun."""
        by = f"prefect:{flow_run.id}"
        run = self.here.open_run(runbook, parameters, exercise=exercise, by=by, scripted=True)
        obliging = Obliging(run, approved_by, self.here.city.inventory, utc_now)
        obliging.approve()

        def watch(event: Event, _state: State) -> None:
            obliging.hear(event)

        clock = steady(utc_now)
        hands = PrefectHands(self.here.world, clock)
        try:
            with newly_opened(run, clock, by=by):
                pages = Pages.of(configured(), self.here.city, get_run_logger().warning)
                turns = Calling(self.here.city.inventory, self.here.world, clock)
                at = self.here.at_places(get_run_logger().warning)
                gate = judge_for(run.runs, self.here.city.inventory, None if at is None else at.places)
                carry_out(run, hands, clock, watch=watch, pages=pages, turns=turns, gate=gate, at=at, by=by)
        finally:
            hands.close(RECORDED_WITHIN)
        return Responded.of(run.path, run.plan, read_journal(run.journal_path))
