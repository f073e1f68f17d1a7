"""Whoever responds in a drill: plans the runbook as an operator would, and gives the yeses that the scenario names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.terminal.carrying import Manner, carry
from console.terminal.surroundings import surroundings, version
from console.terminal.thinking import think
from drills.outside import Responded
from seawall.actions import World
from seawall.drive import Watch
from seawall.errors import SeawallError
from seawall.inbox import put
from seawall.inventory import Inventory
from seawall.journal import Answered, Approved, Asked, Event
from seawall.journal_file import read_journal
from seawall.plan import Plan
from seawall.run_folder import RunFolder, create_run
from seawall.state import State

HOW = "given by the drill"


def approve(run: RunFolder, plan: Plan, people: Sequence[str], inventory: Inventory) -> None:
    """Give every yes that these people may give to a run of `plan`, before it is asked for."""
    for step in plan.steps:
        if step.approve is None or step.skipped is not None:
            continue
        for person in people:
            if person in inventory.with_role(step.approve.by):
                put(run, Approved(at=surroundings().now(), step=step.id, by=person, how=HOW))


class Responding:
    """Carries runbooks out for a drill; approvals are given before they are asked for, by people who may."""

    def __init__(self, manner: Manner, world: World, show: Watch) -> None:
        self._manner, self._world, self._show = manner, world, show

    def __call__(
        self, runbook: str, parameters: Mapping[str, str], *, exercise: bool, approved_by: Sequence[str]
    ) -> Responded:
        """Plan and carry out `runbook`. Raises: SeawallError when it could not be begun."""
        desk = self._manner.desk
        plan, _ = think(desk, self._world, runbook, parameters, exercise=exercise)
        now = desk.local(surroundings().now())
        run = create_run(desk.runs, plan, by=self._manner.by, version=version(), now=now)
        approve(run, plan, approved_by, desk.city.inventory)

        def watch(event: Event, state: State) -> None:
            self._show(event, state)
            if isinstance(event, Asked) and event.what == "person":
                self._answer(run, event, approved_by)

        carry(run, self._world, self._manner, watch)
        return Responded.of(run.path, plan, read_journal(run.journal_path))

    def _answer(self, run: RunFolder, asked: Asked, people: Sequence[str]) -> None:
        """Let the person whose step it is say that it was done, if the scenario names one."""
        of_role = self._manner.desk.city.inventory.with_role(asked.of)
        person = next((one for one in people if one in of_role), None)
        if person is None:
            return
        try:
            put(
                run,
                Answered(at=surroundings().now(), step=asked.step, by=person, answer="happened", why=HOW),
            )
        except SeawallError:
            # The watch must not raise. The question stays open, and the run says so.
            return
