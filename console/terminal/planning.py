"""`plan` and `pretend`: what would be done, before anybody does it. `plan` reads facts, `pretend` touches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.terminal.completing import offer_runbooks
from console.terminal.from_go_bag import AlthoughOld, FromGoBag, UnsealWith
from console.terminal.options import AsJson, Assignments, CityDir, Exercise, assigned

COMMANDS = ("plan", "pretend")
"""What `add_to` adds."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(plan)
    app.command()(pretend)


def plan(
    runbook: Annotated[str, typer.Argument(help="The runbook's name.", autocompletion=offer_runbooks)],
    given: Assignments = None,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Keep the plan, to run exactly it.")
    ] = None,
    exercise: Exercise = False,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Show what a runbook would do; change nothing.

    Facts are read from the outside within their limits; what cannot be read is shown as unknown.

    \b
    Examples:
      seawall plan postgres-failover service=login
      seawall plan postgres-failover service=login mode=planned -o plan.json
      seawall plan verify-backup backup=login-nightly --json
      seawall plan login-to-south --from-go-bag city-go-bag.pyz
    """
    import json
    import shlex

    from console.terminal.desk import Desk
    from console.terminal.from_go_bag import meant
    from console.terminal.plan_files import write_plan
    from console.terminal.plan_screen import plan_as_json, show_plan
    from console.terminal.screen import next_command, out
    from console.terminal.secrets_here import unread_here, warn
    from console.terminal.thinking import think

    desk = Desk.at(city)
    runbook, parameters = meant(runbook, assigned(given))
    with desk.open_world() as world:
        made, facts = think(desk, world, runbook, parameters, exercise=exercise)
        unread = unread_here(made, world, desk.city.inventory)
    if output is not None:
        write_plan(made, output)
    screen = out()
    if as_json:
        screen.raw(json.dumps(plan_as_json(made, facts, unread), indent=2, ensure_ascii=False))
        return
    show_plan(made, screen, facts=facts, inventory=desk.city.inventory)
    warn(unread, screen)
    words = shlex.join(f"{name}={value}" for name, value in parameters.items())
    flag = " --exercise" if exercise else ""
    if output is not None:
        screen.say(f"Kept in {output}.")
        next_command(screen, f"seawall run {output}")
    else:
        next_command(screen, " ".join(filter(None, ("seawall run", runbook, words))) + flag)


def pretend(
    runbook: Annotated[str, typer.Argument(help="The runbook's name.", autocompletion=offer_runbooks)],
    given: Assignments = None,
    *,
    facts: Annotated[
        bool, typer.Option("--facts", help="Read the facts for the plan from the real outside; only reads.")
    ] = False,
    exercise: Exercise = False,
    city: CityDir = None,
    _bag: FromGoBag = None,
    _unseal: UnsealWith = None,
    _old: AlthoughOld = False,
    as_json: AsJson = False,
) -> None:
    """Carry a runbook out against a pretended world.

    Each step tells what it would do, what nobody can know before, or why it will be skipped; who would be asked, and
    how long it can take. Nothing real is touched: no connection is made (but for --facts), no run is kept, nobody is
    told. Exit code 3 when even then it does not come to its end.

    \b
    Examples:
      seawall pretend postgres-failover service=login
      seawall pretend postgres-failover service=login mode=planned --facts
      seawall pretend notify service=login --json
    """
    import json
    import shlex

    from console.terminal.desk import Desk
    from console.terminal.from_go_bag import meant
    from console.terminal.pretend_screen import ends_well, pretence_as_json, show_pretence
    from console.terminal.screen import next_command, out
    from console.terminal.secrets_here import unread_here, warn
    from console.terminal.surroundings import surroundings
    from console.terminal.thinking import imagine, think
    from seawall.errors import ExitCode
    from seawall.pretending import pretend as carry_out_in_thought

    desk = Desk.at(city)
    runbook, parameters = meant(runbook, assigned(given))
    with desk.open_world() as world:
        if facts:
            made, seen = think(desk, world, runbook, parameters, exercise=exercise)
        else:
            made, seen = imagine(desk, world, runbook, parameters, exercise=exercise), None
        unread = unread_here(made, world, desk.city.inventory, connecting=facts)
        pretence = carry_out_in_thought(made, world, now=surroundings().now())
    screen = out()
    if as_json:
        screen.raw(json.dumps(pretence_as_json(pretence, seen, unread), indent=2, ensure_ascii=False))
    else:
        show_pretence(pretence, seen, screen, desk.city.inventory)
        warn(unread, screen)
        words = shlex.join(f"{name}={value}" for name, value in parameters.items())
        flag = " --exercise" if exercise else ""
        next_command(screen, " ".join(filter(None, ("seawall plan", runbook, words))) + flag)
    if not ends_well(pretence):
        raise typer.Exit(ExitCode.FAILED)
