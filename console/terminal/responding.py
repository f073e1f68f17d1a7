"""Whoever responds in a drill: plans the runbook as an operator would, and gives the yeses that the scenario names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.world import foresee, places_in
from console.terminal.carrying import Manner, carry, load_for_a_run
from console.terminal.foreseeing import Asked, Foreseeing
from console.terminal.surroundings import surroundings, version
from console.terminal.thinking import think
from drills.obliging import Obliging
from drills.outside import Responded
from drills.scripted import scripted_request
from seawall.actions import World
from seawall.carrying import newly_opened
from seawall.drive import Watch
from seawall.journal import Event
from seawall.journal_file import read_journal
from seawall.plan import Plan
from seawall.run_folder import create_run
from seawall.state import State
from seawall.warming import warm


class Responding:
    """Carries runbooks out for a drill; approvals are given before they are asked for, by people who may."""

    def __init__(self, manner: Manner, world: World, show: Watch) -> None:
        self._manner, self._world, self._show = manner, world, show
        self._foreseeing = Foreseeing(self._plan)

    def foresee(self, runbook: str, parameters: Mapping[str, str]) -> None:
        """Begin to plan what may be asked for soon; return at once. Raises nothing."""
        self._foreseeing.begin(Asked(runbook, dict(parameters), exercise=True))

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Plan and carry out `runbook`. Raises: SeawallError when it could not be begun."""
        desk = self._manner.desk
        plan = self._foreseeing.plan(Asked(runbook, dict(parameters), exercise=exercise))
        now = desk.local(surroundings().now())
        sign = scripted_request(plan, self._manner.by, now)
        run = create_run(desk.runs, plan, by=self._manner.by, version=version(), now=now, sign=sign)
        obliging = Obliging(run, approved_by, desk.city.inventory, surroundings().now)

        def watch(event: Event, state: State) -> None:
            self._show(event, state)
            obliging.hear(event)

        # They say yes while the run is claimed, and nobody waits for their words to reach the disk.
        with ThreadPoolExecutor(1, thread_name_prefix="yeses") as beside:
            said = beside.submit(obliging.approve)
            with newly_opened(run, surroundings().now, by=self._manner.by):
                carry(run, self._world, self._manner, watch)
            said.result()
        return Responded.of(run.path, plan, read_journal(run.journal_path))

    def _plan(self, asked: Asked) -> Plan:
        places_in(self._world)  # looked at while the plan is made
        plan, _ = think(
            self._manner.desk, self._world, asked.runbook, asked.parameters, exercise=asked.exercise
        )
        warm(self._world, plan)
        foresee(self._world, plan)
        load_for_a_run()
        return plan
