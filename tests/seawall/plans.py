"""Plans over the simulated world: a few by name, and any that hypothesis thinks of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from seawall.actions import Effect
from seawall.decide import Way
from seawall.model import Text
from seawall.plan import Approval, Plan, PlannedCheck, PlannedStep, PlannedUndo
from seawall.predicates import PlanPredicate, read_predicates
from tests.fakes import Behaviour, IsThere, Looked

LIMIT = 10.0
"""Seconds every simulated step may take."""


def is_there(step: str) -> PlannedCheck:
    return PlannedCheck(
        uses="sim.is-there", args={"step": step}, expect=read_predicates({"holds": True}, IsThere)
    )


def a_change(step: str, *after: str, proof: bool = True, undo: bool = True, **more: Any) -> PlannedStep:
    more.setdefault("args", {"step": step})
    return PlannedStep(
        id=step,
        does=Text(en=f"Change {step}"),
        uses="sim.change",
        effect=Effect.CHANGES,
        after=after,
        within=timedelta(seconds=LIMIT),
        proof=is_there(step) if proof else None,
        undo=PlannedUndo(uses="sim.undo", args={"step": step}) if undo else None,
        **more,
    )


def a_look(step: str, *after: str, **more: Any) -> PlannedStep:
    return PlannedStep(
        id=step,
        does=Text(en=f"Look at {step}"),
        uses="sim.read",
        effect=Effect.READS,
        args={"step": step},
        after=after,
        within=timedelta(seconds=LIMIT),
        **more,
    )


def a_persons(step: str, *after: str) -> PlannedStep:
    return PlannedStep(
        id=step,
        does=Text(en=f"Ring about {step}"),
        by="duty-officer",
        effect=Effect.CHANGES,
        after=after,
        within=timedelta(minutes=15),
    )


def approved_by(people: int = 1) -> Approval:
    return Approval(by="incident-commander", people=people, within=timedelta(minutes=10))


def a_predicate(fact: str, unknown: Literal["stops", "goes-on"] = "stops") -> PlanPredicate:
    """A plan's predicate that holds while the fact is at most 7."""
    return PlanPredicate(
        fact=fact,
        uses="sim.fact",
        args={"step": fact},
        expect=read_predicates({"number_at_most": 7}, Looked),
        unknown=unknown,
        within=timedelta(seconds=2),
    )


def a_plan(
    *steps: PlannedStep,
    claims: tuple[str, ...] = ("service:login",),
    runbook: str = "move",
    predicates: tuple[PlanPredicate, ...] = (),
) -> Plan:
    return Plan(
        city="example",
        runbook=runbook,
        title=Text(en="Move login", da="Flyt login"),
        why=Text(en="The hall is wet"),
        exercise=True,
        parameters={},
        confirm="login",
        claims=claims,
        steps=steps,
        predicates=predicates,
    )


@st.composite
def plans(draw: st.DrawFn, most: int = 5) -> Plan:
    """Draw a plan of a few steps of every kind, each after some of those before it."""
    names = [f"s{n}" for n in range(draw(st.integers(1, most)))]
    steps = []
    for n, name in enumerate(names):
        after = tuple(sorted(draw(st.sets(st.sampled_from(names[:n]), max_size=2)))) if n else ()
        lanes = draw(st.sampled_from([(), ("north",), ("north", "south")]))
        approve = approved_by(draw(st.integers(1, 2))) if draw(st.integers(0, 4)) == 4 else None
        match draw(st.sampled_from(["change", "change", "change", "look", "person", "skipped"])):
            case "change":
                step = a_change(
                    name,
                    *after,
                    proof=draw(st.booleans()),
                    undo=draw(st.booleans()),
                    can_still_act=draw(st.integers(0, 3)) == 3,
                    unless=is_there(name) if draw(st.integers(0, 3)) == 3 else None,
                    approve=approve,
                    lanes=lanes,
                )
            case "look":
                step = a_look(name, *after, approve=approve, lanes=lanes)
            case "person":
                step = a_persons(name, *after)
            case _:
                step = a_change(name, *after, skipped="not so: mode == planned")
        steps.append(step)
    return a_plan(*steps)


@st.composite
def behaviours(draw: st.DrawFn, plan: Plan) -> dict[tuple[str, Way], list[Behaviour]]:
    """Draw how the calls of `plan` go: mostly well, sometimes in every bad way there is."""
    found: dict[tuple[str, Way], list[Behaviour]] = {}
    for step in plan.steps:
        if draw(st.booleans()):
            found[step.id, Way.ACT] = draw(
                st.lists(_acts(forever=step.can_still_act), min_size=1, max_size=3)
            )
        if draw(st.integers(0, 2)) == 2:
            found[step.id, Way.PROVE] = draw(st.lists(_looks(), min_size=1, max_size=3))
        if draw(st.integers(0, 2)) == 2:
            found[step.id, Way.UNDO] = [draw(_acts(forever=False))]
    return found


def _acts(*, forever: bool) -> st.SearchStrategy[Behaviour]:
    """A call may act as long as its limit lets it, and the seconds that its remote side takes to be ended."""
    latest = 60.0 if forever else LIMIT + 2.9
    takes = st.floats(0.01, 20.0)
    acts = st.none() | st.floats(0.0, latest)
    return st.one_of(
        takes.flatmap(
            lambda t: st.floats(0.0, min(t, latest)).map(lambda a: Behaviour(takes=t, acts_after=a))
        ),
        takes.map(lambda t: Behaviour(takes=t, acts_after=None, ends="refused")),
        st.builds(Behaviour, takes=takes, acts_after=acts, ends=st.just("silent")),
        st.builds(Behaviour, takes=takes, acts_after=acts, ends=st.just("bug")),
        st.builds(Behaviour, takes=st.none(), acts_after=acts),
    )


def _looks() -> st.SearchStrategy[Behaviour]:
    """A look takes its time, cannot always tell, and does not always come back."""
    return st.builds(
        Behaviour,
        takes=st.none() | st.floats(0.01, 20.0),
        acts_after=st.none(),
        ends=st.sampled_from(["well", "well", "silent", "bug"]),
        blind=st.booleans(),
    )
