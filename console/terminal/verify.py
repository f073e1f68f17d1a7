"""Restore backups and say of each whether it held: one run a copy, one after another on the machines that verify."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from console.terminal.carrying import Manner, drive_here
from console.terminal.confirming import confirm, show_stakes
from console.terminal.plan_screen import longest, show_kind
from console.terminal.screen import Tone, next_command, out, words
from console.terminal.surroundings import surroundings, version
from console.terminal.thinking import think
from seawall.errors import BadInput, ExitCode, SeawallError
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.model import duration_text
from seawall.plan import Plan
from seawall.run_folder import RunFolder, create_run, read_state
from seawall.state import State

RUNBOOK = "verify-backup"


@dataclass(frozen=True, slots=True)
class Verified:
    """One copy, and how its restore ended. `held` is None when it could not be tried."""

    backup: str
    store: str
    run: str
    held: bool | None
    saw: str
    code: ExitCode


def verify(
    service: str | None, *, every_copy: bool, yes: str | None, exercise: bool, manner: Manner
) -> ExitCode:
    """Verify what was asked for and return the worst exit code. Raises: BadInput before anything is begun."""
    desk = manner.desk
    copies = list(_copies(desk.city.inventory, service, every_copy=every_copy))
    with desk.open_world() as world:
        plans = [think(desk, world, RUNBOOK, given, exercise=exercise)[0] for given in copies]
        for plan in plans:
            show_kind(plan, manner.screen)
            with_ = " ".join(f"{name}={value}" for name, value in plan.parameters.items())
            manner.screen.say(f"{with_}, at most {duration_text(longest(plan)[0])}", indent=2)
        target = (
            plans[0].confirm if len({one.confirm for one in plans}) == 1 else desk.city.inventory.city.name
        )
        show_stakes(plans[0], manner.screen)
        confirm(target, yes, manner.screen, command="seawall verify-backups ...")
        results = []
        for plan in plans:
            now = desk.local(surroundings().now())
            run = create_run(desk.runs, plan, by=manner.by, version=version(), now=now)
            manner.screen.head(f"{words(plan.title)} ({run.id})")
            try:
                code = drive_here(run, world, manner, alone=False)
            except SeawallError as error:
                results.append(_verified(plan, run, error.exit_code, f"{error.where}: {error.problem}"))
            else:
                results.append(_verified(plan, run, code, _saw(read_state(run))))
    _show(results, manner)
    return max((one.code for one in results), default=ExitCode.DONE)


def _copies(inventory: Inventory, service: str | None, *, every_copy: bool) -> Iterator[dict[str, str]]:
    if service is not None and service not in inventory.services:
        remedy = choose(service, inventory.services)
        raise BadInput.one(f"there is no service {service}", where="SERVICE", remedy=remedy)
    found = {
        name: one for name, one in inventory.backups.items() if service is None or one.service == service
    }
    if not found:
        whose = f"of {service}" if service else "of this city"
        remedy = "Add a backup set to inventory/backups.yaml; until then its records are lost with its site"
        raise BadInput.one(f"there is no backup set {whose}", where="backups", remedy=remedy)
    for name, one in found.items():
        for store in one.stored_in if every_copy else one.stored_in[:1]:
            yield {"backup": name, "store": store}


def _verified(plan: Plan, run: RunFolder, code: ExitCode, saw: str) -> Verified:
    return Verified(
        backup=plan.parameters["backup"],
        store=plan.parameters.get("store", "-"),
        run=run.id,
        held=True if code is ExitCode.DONE else False if code is ExitCode.FAILED else None,
        saw=saw,
        code=code,
    )


def _saw(state: State) -> str:
    """Say why it did not hold, else what the last step saw."""
    for one in (state.steps[name] for name in (*state.failed, *state.doubtful)):
        if one.failure is not None:
            return one.failure.problem
    seen = [one.summary for one in state.steps.values() if one.summary]
    return seen[-1] if seen else ""


def _show(results: Sequence[Verified], manner: Manner) -> None:
    screen = manner.screen
    screen.head("Backups")
    words_for: dict[bool | None, tuple[str, Tone]] = {
        True: ("HELD", "good"),
        False: ("DID NOT HOLD", "bad"),
        None: ("NOT KNOWN", "bad"),
    }
    for one in results:
        word, tone = words_for[one.held]
        screen.columns(((one.backup, 20), (one.store, 16), (word, 0)), tone)
        screen.say(one.saw, "dim", indent=4, hang=2)
    if manner.as_json:
        listed = [
            {"backup": one.backup, "store": one.store, "run": one.run, "held": one.held, "saw": one.saw}
            for one in results
        ]
        out().raw(json.dumps({"backups": listed}, indent=2, ensure_ascii=False))
    bad = [one for one in results if one.held is not True]
    next_command(screen, *(f"seawall show {one.run}" for one in (bad or results)[:3]))
