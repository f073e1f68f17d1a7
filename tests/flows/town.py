"""A small world whose changes are lines in a file, plans for it, and a process that carries one out as `run` does."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.secrets import Secrets
from flows.view import carry_out_with_prefect, end_process
from seawall.actions import Action, Effect, Occasion, Seen, World
from seawall.errors import Unreachable
from seawall.journal import Event
from seawall.journal_file import read_journal
from seawall.model import Frozen, SecretRef, Text
from seawall.plan import Plan, PlannedStep
from seawall.run_folder import RunFolder, create_run
from tests.flows.patience import BY_NAME

SOON = timedelta(minutes=2)


class NoteArgs(Frozen):
    book: str
    line: str
    seconds: float = 0.0
    held_until: str | None = None
    key: SecretRef | None = None


class Noted(Seen):
    lines: int


class Town:
    """Writes lines into a book; each is a change that can be counted afterwards."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def actions(self) -> Sequence[Action[Any, Any]]:
        return (
            Action("town.note", Effect.CHANGES, NoteArgs, Noted, self._note, "Write a line"),
            Action(
                "town.tell-all", Effect.CHANGES, NoteArgs, Noted, self._tell_all, "Fail, and tell the key"
            ),
        )

    def close(self) -> None:
        pass

    def _note(self, args: NoteArgs, occasion: Occasion) -> Noted:
        with Path(args.book).open("a", encoding="utf-8") as book:
            book.write(f"{args.line}\n")
        time.sleep(args.seconds)
        held_until = None if args.held_until is None else Path(args.held_until)
        while held_until is not None and not (held_until.exists() or occasion.deadline.passed):
            time.sleep(0.01)
        return Noted(lines=len(Path(args.book).read_text(encoding="utf-8").splitlines()))

    def _tell_all(self, args: NoteArgs, occasion: Occasion) -> Noted:
        assert args.key is not None
        key = self._secrets.secret(args.key)
        raise Unreachable(f"no connection with {key}", where=f"key={key}", remedy=f"Use another than {key}")


def town(environment: Mapping[str, str] | None = None) -> World:
    secrets = Secrets(environment)
    return World(Town(secrets), vault=secrets)


def now() -> datetime:
    return datetime.now(UTC)


def a_step(
    name: str, book: Path, *, after: Iterable[str] = (), seconds: float = 0.0, **more: Any
) -> PlannedStep:
    args = {"book": str(book), "line": name, "seconds": seconds}
    args.update(more.pop("args", {}))
    step = {"does": name, "uses": "town.note", "effect": Effect.CHANGES, "within": SOON, **more}
    return PlannedStep(id=name, args=args, after=tuple(after), **step)


def in_a_row(count: int, book: Path, *, seconds: float) -> tuple[PlannedStep, ...]:
    return tuple(
        a_step(f"step-{n}", book, seconds=seconds, after=[f"step-{n - 1}"] if n else []) for n in range(count)
    )


def held(steps: Sequence[PlannedStep], name: str, until: Path) -> tuple[PlannedStep, ...]:
    """The same steps; the one of that name acts until there is such a file."""
    return tuple(
        one.model_copy(update={"args": {**one.args, "held_until": str(until)}}) if one.id == name else one
        for one in steps
    )


def a_run(runs: Path, steps: Iterable[PlannedStep]) -> RunFolder:
    plan = Plan(
        city="havnby",
        runbook="small",
        title=Text(en="A small thing"),
        why=Text(en="To see it"),
        exercise=True,
        parameters={},
        confirm="small",
        claims=(),
        steps=tuple(steps),
    )
    return create_run(runs, plan, by="anna", version="1", now=now())


def events(run: RunFolder) -> list[Event]:
    return list(read_journal(run.journal_path))


def lines(book: Path) -> list[str]:
    return book.read_text(encoding="utf-8").splitlines() if book.exists() else []


def main(runs: str, run: str, *patience: str) -> None:
    """Carry a run out as `seawall run` and `seawall resume` do, and say how it ended and what Prefect saw of it."""
    for name in patience:
        BY_NAME[name]()
    with town() as world:
        end, view = carry_out_with_prefect(RunFolder(Path(runs), run), world, now, by="anna")
    sys.stdout.write(json.dumps({"end": type(end).__name__, "view": [view.flow_run, view.url, view.missed]}))
    end_process(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
