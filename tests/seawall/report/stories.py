"""Runs to tell: one that went well with people in it, one that is in doubt, one that was aborted. Times are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from seawall.actions import Effect
from seawall.journal import (
    FIRST,
    AbortAsked,
    Answered,
    Approved,
    Asked,
    Ended,
    Event,
    Failed,
    Line,
    NotNeeded,
    Opened,
    Outcome,
    Resumed,
    Settled,
    Started,
    Succeeded,
    line_for,
)
from seawall.model import Text
from seawall.plan import Approval, Plan, PlannedStep, PlannedUndo
from seawall.predicates import Predicate

START = datetime(2026, 11, 21, 2, 12, 9, 400_000, tzinfo=UTC)
RUN = "2026-11-21-0312-postgres-failover-k3"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(name: str, does: str, da: str, uses: str | None, *after: str, **more: Any) -> PlannedStep:
    effect = more.pop("effect", Effect.CHANGES)
    within = more.pop("within", timedelta(seconds=20))
    return PlannedStep(
        id=name, does=Text(en=does, da=da), uses=uses, effect=effect, after=after, within=within, **more
    )


def move(*, exercise: bool = False) -> Plan:
    """Make the plan that moves login from north to south."""
    steps = (
        step(
            "standby-is-fit",
            "Check that the standby at South Hall can take over",
            "Se efter, at reservedatabasen i Sydhallen kan tage over",
            "postgres.standby-state",
            effect=Effect.READS,
            within=timedelta(seconds=5),
            expect=(Predicate(field="in_recovery", operator="is", value=True, written="true"),),
        ),
        step(
            "write-ahead",
            "Let the database write down what it holds in memory",
            "Lad databasen skrive det ned, den har i hukommelsen",
            "postgres.checkpoint",
            within=timedelta(),
            skipped='not when mode == "planned"',
        ),
        step(
            "fence",
            "Make the old primary at North Hall unable to accept writes",
            "Gør den gamle database i Nordhallen ude af stand til at tage imod",
            "postgres.fence",
            "standby-is-fit",
            "write-ahead",
            approve=Approval(by="incident-commander", people=1, within=timedelta(minutes=10)),
            undo=PlannedUndo(uses="postgres.unfence", args={}),
        ),
        step(
            "promote",
            "Make the standby at South Hall the primary",
            "Gør reservedatabasen i Sydhallen til den, der tager imod",
            "postgres.promote",
            "fence",
            args={"evidence": {"from": "fence"}},
            within=timedelta(seconds=30),
            no_way_back=Text(
                en="Only postgres-failback leads back", da="Kun postgres-failback fører tilbage"
            ),
        ),
        step(
            "repoint",
            "Send users to South Hall",
            "Send brugerne til Sydhallen",
            "balancer.point",
            "promote",
            within=timedelta(seconds=10),
            undo=PlannedUndo(uses="balancer.point", args={}),
        ),
        step(
            "tell-dispatch",
            "Telephone the dispatch centre and say that login is back",
            "Ring til vagtcentralen og sig, at log ind virker igen",
            None,
            "repoint",
            by="duty-officer",
            within=timedelta(minutes=15),
        ),
    )
    return Plan(
        city="havnby",
        runbook="postgres-failover",
        title=Text(en="Move Login to South Hall", da="Flyt Log ind til Sydhallen"),
        why=Text(en="The site where the service runs is lost.", da="Stedet, hvor tjenesten kører, er tabt."),
        exercise=exercise,
        parameters={"service": "login", "to": "south", "mode": "disaster"},
        confirm="login",
        claims=("service:login",),
        steps=steps,
    )


def opened(plan: Plan) -> Opened:
    return Opened(
        at=at(0),
        run=RUN,
        plan=plan.digest,
        runbook=plan.runbook,
        title=plan.title,
        exercise=plan.exercise,
        by="anna",
        version="0.1.0",
    )


def began(name: str, second: float, limit: float = 20, attempt: int = 1, **more: Any) -> Started:
    return Started(at=at(second), step=name, attempt=attempt, until=at(second + limit), **more)


def ended_well(name: str, second: float, summary: str, **more: Any) -> Succeeded:
    return Succeeded(at=at(second), step=name, attempt=1, seen=more.pop("seen", {}), summary=summary, **more)


def up_to_the_fence(plan: Plan) -> list[Event]:
    return [
        opened(plan),
        began("standby-is-fit", 0.01, 5),
        ended_well("standby-is-fit", 0.04, "in_recovery True, missing 8192", seen={"in_recovery": True}),
        Asked(at=at(0.05), step="fence", what="approval", of="incident-commander", until=at(600)),
        Approved(at=at(21.3), step="fence", by="bo", how="typed in a terminal"),
        began("fence", 21.31),
    ]


def went_well(plan: Plan) -> list[Event]:
    """Tell the whole road, with a doubt that its proof settled and a step that was already so."""
    return [
        *up_to_the_fence(plan),
        ended_well("fence", 21.52, "north-db/login is powered-off", seen={"server": "north-db/login"}),
        began("promote", 21.53, 30),
        Failed(
            at=at(21.9),
            step="promote",
            attempt=1,
            error="MayHaveActed",
            where="south-db",
            problem="the connection was cut after the command was sent",
            remedy="Look at the server's role before answering",
            acted=None,
        ),
        Settled(
            at=at(21.95),
            looked_at=at(21.91),
            step="promote",
            attempt=1,
            happened=True,
            because="it is a primary, timeline 2",
            seen={},
        ),
        began("repoint", 21.96, 10),
        NotNeeded(at=at(21.99), step="repoint", attempt=1, because="south is up already"),
        Asked(at=at(22), step="tell-dispatch", what="person", of="duty-officer", until=at(922)),
        Answered(at=at(96.4), step="tell-dispatch", by="carl", answer="happened", why="spoke to Mette"),
        Ended(at=at(96.41), outcome=Outcome.DONE),
    ]


def in_doubt(plan: Plan) -> list[Event]:
    """Tell of an orchestrator that was killed in the fence: another took it up, and a person is asked."""
    return [
        *up_to_the_fence(plan),
        Resumed(at=at(60), by="bo"),
        Settled(
            at=at(60.2),
            step="fence",
            attempt=1,
            looked_at=at(60.01),
            happened=None,
            because="north-db does not answer",
        ),
        Asked(at=at(60.21), step="fence", what="doubt", of="operator", until=at(1860)),
    ]


def aborted(plan: Plan) -> list[Event]:
    """Tell of a run that was stopped after the fence, with the undo refused on the way."""
    return [
        *up_to_the_fence(plan),
        ended_well("fence", 21.52, "north-db/login is stopped", seen={}),
        AbortAsked(at=at(21.6), by="anna", why="the north hall is back", undo=True),
        began("fence", 21.61, undoing=True),
        Failed(
            at=at(22.4),
            step="fence",
            attempt=1,
            undoing=True,
            error="Unreachable",
            where="north-db",
            problem="cannot connect: no answer | within <2 s>",
            remedy="Look whether the machine has power",
            acted=False,
        ),
        Ended(at=at(22.41), outcome=Outcome.ABORTED, left=("fence",)),
    ]


def lines(events: Sequence[Event]) -> list[Line]:
    """Write the events down as a journal does, with salts that do not change, so that reports of them are the same."""
    written: list[Line] = []
    prev = FIRST
    for n, event in enumerate(events, 1):
        line = line_for(event, n=n, prev=prev)
        # A real salt is random; a golden file needs the same head every time, and reports never read salts.
        line = line.model_copy(update={"salt": "0" * 32, "digest": f"{n:064x}"})
        written.append(line)
        prev = line.hash
    return written
