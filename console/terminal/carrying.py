"""Open a run, or take one up again, and drive it with a person watching: plan, confirmation, progress, questions, end.

What is true is in the journal; this only drives and shows. Losing the terminal does not stop a run.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from connectors.calling import Calling
from connectors.world import foresee, places_in
from console.terminal.at_places import at_places, check_alone
from console.terminal.confirming import confirm, show_stakes
from console.terminal.desk import Desk
from console.terminal.ending import exit_code, show_end, show_stop
from console.terminal.freezing import warn_of_freeze
from console.terminal.from_go_bag import meant
from console.terminal.plan_files import looks_like_file, read_plan
from console.terminal.plan_screen import show_kind, show_plan
from console.terminal.run_screen import show_put_aside
from console.terminal.screen import Screen, aside, out
from console.terminal.secrets_here import refuse, unread_here, warn
from console.terminal.signals import surviving_the_terminal
from console.terminal.signing import say_who_signed, sign_request
from console.terminal.surroundings import operator, surroundings, version
from console.terminal.thinking import think
from console.terminal.trouble import Stopped
from seawall.actions import World
from seawall.carrying import carry_out, newly_opened
from seawall.decide import Ask, Finish
from seawall.drive import Watch
from seawall.errors import BadInput, ExitCode, PlanStale, Unreachable
from seawall.hands import ThreadHands
from seawall.journal_file import has_ended
from seawall.judging import judge_for
from seawall.plan import Plan
from seawall.put_aside import files_put_aside, put_aside
from seawall.run_folder import RunFolder, create_run, read_state
from seawall.run_list import find_run
from seawall.steady import steady
from seawall.warming import warm


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is driven from here: in which city, by whom, with Prefect or not, and how it is told afterwards.

    Attributes:
        key: what `by` signs the request with; else SEAWALL_KEY, else an ssh-agent's key.
        only_one_place: two people who answer for going on though too few of the city's places answer.
    """

    desk: Desk
    by: str
    prefect: str
    as_json: bool
    key: Path | None = None
    only_one_place: tuple[str, str] | None = None

    @classmethod
    def of(
        cls,
        *,
        city: Path | None,
        who: str | None,
        without_prefect: bool,
        as_json: bool,
        key: Path | None = None,
        only_one_place: tuple[str, str] | None = None,
    ) -> Manner:
        """Read the options. Raises: BadInput."""
        desk = Desk.at(city)
        if only_one_place is not None:
            check_alone(only_one_place, desk.inventory)
        return cls(
            desk,
            operator(who),
            "off" if without_prefect else desk.settings.prefect,
            as_json,
            key,
            only_one_place,
        )

    @property
    def screen(self) -> Screen:
        """Where progress is shown: beside the output when that is JSON."""
        return aside() if self.as_json else out()


def begin(
    runbook: str,
    parameters: Mapping[str, str],
    *,
    exercise: bool,
    yes: str | None,
    manner: Manner,
    without_secrets: bool = False,
) -> None:
    """Plan, show, confirm, open a run and drive it to its end.

    `without_secrets` opens it also when secrets that its steps ask for cannot be read here.

    Raises:
        BadInput: with every mistake, or every such secret; or it was not confirmed. Nothing was changed.
        PlanStale: the plan in the file is not the one that would be made now.
        Busy: another run holds what this one wants; nothing of it was begun, and it is over.
        typer.Exit: with the exit code of how it ended.
    """
    desk = manner.desk
    _prepare(manner)
    runbook, parameters = meant(runbook, parameters)
    with desk.open_world() as world:
        places_in(world)  # looked at while the plan is made
        plan = _plan(runbook, parameters, exercise=exercise, manner=manner, world=world)
        unread = unread_here(plan, world, desk.city.inventory)
        if not without_secrets:
            words = [runbook, *(f"{name}={value}" for name, value in parameters.items())]
            flags = ["--exercise"] if exercise else []
            refuse(unread, otherwise=shlex.join(["seawall", "run", *words, *flags, "--without-secrets"]))
        warn(unread, manner.screen)
        carry_out_plan(plan, world, manner, yes=yes, command=f"seawall run {runbook} ...")


def carry_out_plan(plan: Plan, world: World, manner: Manner, *, yes: str | None, command: str) -> None:
    """Confirm a plan that was shown, open a run of it and drive it to its end.

    Raises:
        BadInput: it was not confirmed. Nothing was changed.
        Busy: another run holds what this one wants; nothing of it was begun, and it is over.
        typer.Exit: with the exit code of how it ended.
    """
    desk = manner.desk
    warm(world, plan)  # while a person reads it
    foresee(world, plan)
    warn_of_freeze(desk.runs, desk.zone, manner.screen)
    if plan.changes:
        show_stakes(plan, manner.screen)
        confirm(plan.confirm, yes, manner.screen, command=command)
    now = desk.local(surroundings().now())
    run = create_run(
        desk.runs,
        plan,
        by=manner.by,
        version=version(),
        now=now,
        sign=lambda name: sign_request(desk, plan, manner.by, name, manner.key),
    )
    manner.screen.say(f"Run {run.id}, kept in {run.path}", "dim")
    say_who_signed(run, manner.screen)
    with newly_opened(run, surroundings().now, by=manner.by):
        if plan.undoes is not None:
            from console.terminal.taking_back import take_the_undo

            take_the_undo(plan, run, world)
        raise typer.Exit(drive_here(run, world, manner))


def go_on(name: str, manner: Manner) -> None:
    """Take a run up again. Raises: BadInput when there is none, or it has ended; typer.Exit."""
    run = find_run(manner.desk.runs, name)
    if has_ended(run.journal_path):
        remedy = f"See `seawall show {run.id}`; to do it again, plan it again"
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=remedy)
    _prepare(manner)
    state = read_state(run)
    show_kind(run.plan, manner.screen)
    warn_of_freeze(manner.desk.runs, manner.desk.zone, manner.screen)
    stand = ", ".join(state.changed) or "nothing yet"
    manner.screen.say(f"Taken up again: {run.id}. Changed so far: {stand}.")
    show_put_aside(put_aside(run, state), manner.screen, manner.desk.zone)
    with manner.desk.open_world() as world:
        places_in(world)  # looked at from here on
        raise typer.Exit(drive_here(run, world, manner))


def drive_here(run: RunFolder, world: World, manner: Manner, *, alone: bool = True) -> ExitCode:
    """Drive a run with its progress shown and people asked; say how it ended and return the exit code.

    `alone` is False for one of several runs: what is next, and the JSON, then come from whoever drives them all.

    Raises:
        Stopped: after Ctrl-C, when it has been said what that leaves behind.
    """
    from console.terminal.progress import watching

    before = files_put_aside(run)
    with surviving_the_terminal():
        try:
            with watching(run, manner.desk, manner.screen, manner.by) as watch:
                end, of_prefect = carry(run, world, manner, watch)
        except KeyboardInterrupt:
            show_stop(run, manner.screen)
            raise Stopped from None
    state = read_state(run)
    show_put_aside(put_aside(run, state, since=before), manner.screen, manner.desk.zone)
    show_end(run, end, manner.screen, as_json=manner.as_json, of_prefect=of_prefect, alone=alone)
    return exit_code(end, state)


def _prepare(manner: Manner) -> None:
    """Begin to load what a run needs, while the outside is looked at and the plan is read."""
    _prepare_prefect(manner)
    threading.Thread(target=load_for_a_run, name="loading", daemon=True).start()


def _prepare_prefect(manner: Manner) -> None:
    """Begin to load Prefect while the plan is read. Raises: Unreachable when it has to be there and is not."""
    if manner.prefect == "off":
        return
    from flows import api
    from flows.view import prepare

    url = api.api_url()
    if manner.prefect == "on" and (url is None or not api.answers(url)):
        raise Unreachable(
            "Prefect does not answer, and the setting `prefect: on` wants it",
            where=url or "PREFECT_API_URL is not set",
            remedy="Start it, or go on without it: --without-prefect",
        )
    prepare()


def load_for_a_run() -> None:
    """Load what writes status pages and reads signatures, ahead of the run that needs it at once."""
    import seawall.page.keeping
    import seawall.ssh_keys  # noqa: F401 - to have both loaded
    from seawall.page.writing import get_ready

    get_ready()


def carry(run: RunFolder, world: World, manner: Manner, watch: Watch) -> tuple[Finish | Ask, str]:
    """Drive a run with Prefect or without. Returns how it ended, and what to say of Prefect's part in it."""
    clock = steady(surroundings().now)
    pages = manner.desk.pages(lambda note: manner.screen.say(note, "bad"))
    city = manner.desk.city.inventory
    turns, gate = Calling(city, world, clock), judge_for(run.runs, city, places_in(world))
    at = at_places(world, manner.screen, run, manner.only_one_place)
    if manner.prefect == "off":
        hands = ThreadHands(world, clock)
        return carry_out(
            run, hands, clock, watch=watch, pages=pages, turns=turns, gate=gate, at=at, by=manner.by
        ), ""
    from flows.api import api_url
    from flows.view import carry_out_with_prefect

    end, view = carry_out_with_prefect(
        run, world, clock, watch=watch, pages=pages, turns=turns, gate=gate, at=at, by=manner.by
    )
    if view.missed:
        # Nobody misses a Prefect that was never set up.
        return end, view.missed if api_url() else ""
    return end, f"seen at {view.url}" if view.url else ""


def _plan(
    runbook: str, parameters: Mapping[str, str], *, exercise: bool, manner: Manner, world: World
) -> Plan:
    desk = manner.desk
    if not looks_like_file(runbook):
        plan, facts = think(desk, world, runbook, parameters, exercise=exercise)
        show_plan(plan, manner.screen, facts=facts, inventory=desk.city.inventory)
        return plan
    if parameters or exercise:
        given = ", ".join([*parameters, *(["--exercise"] if exercise else [])])
        remedy = "Leave them out, or plan again with them"
        raise BadInput.one(
            f"a kept plan has its parameters already; {given} cannot change it", where=runbook, remedy=remedy
        )
    kept = read_plan(Path(runbook), desk.city.inventory.city.name)
    if kept.undoes is not None:
        from console.terminal.taking_back import planned_again

        fresh, facts = planned_again(kept, desk.runs, world), {}
    else:
        fresh, facts = think(desk, world, kept.runbook, kept.parameters, exercise=kept.exercise)
    if fresh.digest != kept.digest:
        raise PlanStale(
            f"the city or the world has changed since it was made: {_difference(kept, fresh)}",
            where=runbook,
            remedy="Plan again, and read what is different",
        )
    show_plan(kept, manner.screen, facts=facts, inventory=desk.city.inventory)
    return kept


def _difference(kept: Plan, fresh: Plan) -> str:
    before, now = kept.by_id, fresh.by_id
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return (
        f"step{'s' if len(changed) > 1 else ''} {', '.join(changed)}"
        if changed
        else "its title or its reason"
    )
