"""Plan how to take back what a run has done: exactly that, the last change first, as a plan like any other.

What earlier steps saw stands in the run's journal, so that nothing in such a plan waits to be known. What cannot be
taken back, or bears something that stands, is in it as left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from seawall.actions import Action, Effect
from seawall.errors import BadInput
from seawall.model import Text
from seawall.plan import Plan, PlannedCheck, PlannedStep, resolved
from seawall.predicates import read_predicates
from seawall.resting import Ground
from seawall.state import State

RUNBOOK = "undo"
"""What such a plan names as its runbook; there is no file of it."""
AGAIN = Text(
    en="What was taken back is done again by its own runbook",
    da="Det, der er taget tilbage, gøres igen med sit eget indsatskort",
)


def plan_undo(
    run: str, state: State, actions: Mapping[str, Action[Any, Any]], taken_back: Collection[str] = ()
) -> Plan:
    """Make the plan that takes back what `run` has done.

    Args:
        run: its name.
        state: where it stands.
        actions: those at hand.
        taken_back: its steps that another run has taken back already.

    Raises:
        BadInput: it has not ended, or nothing of it can be taken back.
    """
    if state.ended is None:
        raise BadInput.one(
            "this run has not ended",
            where=f"run {run}",
            remedy=f"Stop it and take back what it did: seawall abort {run} --undo",
        )
    steps = _Undoing(run, state, actions).steps(taken_back)
    if all(one.skipped is not None for one in steps):
        told = "; ".join(f"{one.id.removeprefix(f'{RUNBOOK}/')}: {one.skipped}" for one in steps)
        raise BadInput.one(
            f"nothing of this run can be taken back{f': {told}' if told else ', for it changed nothing'}",
            where=f"run {run}",
            remedy=f"See `seawall show {run}`; what must be otherwise needs a runbook of its own",
        )
    plan = state.plan
    return Plan(
        city=plan.city,
        runbook=RUNBOOK,
        title=_both("Take back: {}", "Tag tilbage: {}", plan.title),
        why=Text(
            en=f"What run {run} did is to be taken back", da=f"Det, kørslen {run} gjorde, skal tages tilbage"
        ),
        exercise=plan.exercise,
        parameters={"run": run},
        confirm=plan.confirm,
        claims=plan.claims,
        steps=tuple(steps),
        undoes=run,
    )


def step_undone(undo_step: str) -> str:
    """Return the step of the run that a step of such a plan takes back."""
    return undo_step.removeprefix(f"{RUNBOOK}/")


@dataclass(slots=True)
class _Undoing:
    run: str
    state: State
    actions: Mapping[str, Action[Any, Any]]
    planned: list[PlannedStep] = field(default_factory=list)

    def steps(self, taken_back: Collection[str]) -> list[PlannedStep]:
        ground = Ground(self.state.plan)
        for name in (*self.state.under_way, *self.state.doubtful):
            ground.stands(name)  # it may be in the world, and then something must bear it
            self._left_out(name, "whether it happened is not known")
        for name in reversed(self.state.changed):
            if name in taken_back or name in self.state.doubtful:
                continue
            why = self._why_not(name, ground)
            if why is None:
                self._taken_back(name)
            else:
                ground.stands(name)
                self._left_out(name, why)
        return self.planned

    def _why_not(self, name: str, ground: Ground) -> str | None:
        step = self.state.plan.by_id[name]
        if step.undo is None:
            reason = (
                step.no_way_back.en
                if step.no_way_back is not None
                else "a person did it, or nothing says how"
            )
            return f"cannot be taken back: {reason}"
        if (above := ground.bears(name)) is not None:
            return f"it bears {above}, which stands"
        if step.undo.uses not in self.actions:
            return f"there is no action {step.undo.uses} here"
        try:
            resolved(step.undo.args, self.state.seen)
        except KeyError as error:
            return f"nothing is known of what {error.args[0]} saw, which taking it back needs"
        return None

    def _taken_back(self, name: str) -> None:
        step = self.state.plan.by_id[name]
        assert step.undo is not None
        action = self.actions[step.undo.uses]
        args = resolved(step.undo.args, self.state.seen)
        self._add(
            PlannedStep(
                id=f"{RUNBOOK}/{name}",
                does=_both("Take back: {}", "Tag tilbage: {}", step.does),
                uses=action.name,
                effect=action.effect,
                args=args,
                within=max(step.within, action.limit),
                proof=self._proof(action, args),
                can_still_act=not action.after_limit_it_cannot_act,
                no_way_back=AGAIN,
                approve=step.approve,
                lanes=step.lanes,
            )
        )

    def _left_out(self, name: str, why: str) -> None:
        step = self.state.plan.by_id[name]
        self._add(
            PlannedStep(
                id=f"{RUNBOOK}/{name}",
                does=_both("Take back: {}", "Tag tilbage: {}", step.does),
                uses=None if step.undo is None else step.undo.uses,
                effect=Effect.CHANGES,
                within=timedelta(),
                no_way_back=step.no_way_back,
                skipped=why,
            )
        )

    def _add(self, step: PlannedStep) -> None:
        """Add a step after all those before it: one change is taken back at a time, the last one first."""
        after = (self.planned[-1].id,) if self.planned else ()
        self.planned.append(step.model_copy(update={"after": after}))

    def _proof(self, action: Action[Any, Any], args: Mapping[str, Any]) -> PlannedCheck | None:
        proof = self.actions.get(action.proof or "")
        if proof is None:
            return None
        shared = {name: value for name, value in args.items() if name in proof.args.model_fields}
        return PlannedCheck(uses=proof.name, args=shared, expect=read_predicates({"holds": True}, proof.seen))


def _both(en: str, da: str, text: Text) -> Text:
    return Text(en=en.format(text.en), da=da.format(text.in_("da")))
