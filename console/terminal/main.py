"""The entry of the `seawall` command. A person's mistake never ends in a traceback, and `--help` is there at once.

Only typer and the command lines themselves are imported here; each command imports what it needs when it is called.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, NoReturn

import typer

from console.terminal import (
    acting,
    approving,
    bagging,
    consoling,
    doctoring,
    drilling,
    halting,
    labbing,
    looking,
    overriding,
    people,
    planning,
    recovering,
    running,
    serving,
    speaking,
    starting,
    tab,
    verifying,
    watching,
)
from console.terminal.from_go_bag import want_none
from console.terminal.front import show_front
from console.terminal.panels import Panelled
from console.terminal.surroundings import version
from console.terminal.trouble import EXIT_CODES, STOPPED, Stopped, say_bug, say_error, say_stopped
from seawall.errors import ExitCode, SeawallError

EPILOG = f"""
\b
Exit codes:
{EXIT_CODES}

\b
The city is the folder that holds inventory/: --city DIR, or SEAWALL_CITY, or
this folder or one above. Who you are: --as NAME, or SEAWALL_AS, or your login.
Words in Danish: SEAWALL_LANGUAGE=da. Without colours: NO_COLOR=1.
"""

PARTS = (
    watching,
    starting,
    doctoring,
    people,
    acting,
    planning,
    running,
    recovering,
    speaking,
    approving,
    looking,
    verifying,
    bagging,
    halting,
    overriding,
    drilling,
    serving,
    consoling,
    labbing,
)


def program(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the program with the command that `arguments` name, or with all of them when they name none.

    To read the signatures of all commands takes longer than to carry some of them out.
    """
    app = typer.Typer(
        name="seawall",
        help="Carry a city's digital services through a disaster: plan, run, drill, prove.",
        epilog=EPILOG,
        cls=Panelled,
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_seawall)
    for part in [one for one in PARTS if arguments and arguments[0] in one.COMMANDS] or PARTS:
        part.add_to(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"seawall {version()}")
        raise typer.Exit


def _seawall(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    want_none()
    if context.invoked_subcommand is None:
        show_front(context)


@cache
def _command(name: str) -> Callable[..., object]:
    """Return the program with the command of that name, or with all; many are carried out in one process by tests."""
    return typer.main.get_command(program([name] if name else []))


def run_command_line(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code. Raises nothing."""
    named = arguments[0] if arguments and any(arguments[0] in one.COMMANDS for one in PARTS) else ""
    try:
        _command(named)(args=list(arguments), prog_name="seawall")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else ExitCode.DONE
        return say_stopped() if code == STOPPED else code
    except Stopped:
        return STOPPED
    except SeawallError as error:
        return say_error(error)
    except BrokenPipeError:
        # Whoever read our output has gone (`seawall runs | head`); nothing more can be said to them.
        sys.stdout = None
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the outermost rim: a bug becomes one line and a saved trace
        return say_bug(error)
    return ExitCode.DONE


def main() -> None:
    """Be the `seawall` command."""
    # A command makes a hundred thousand small parts of models at its start and ends soon after; looking for circles
    # among them took a tenth of the time of `seawall plan`.
    gc.set_threshold(250_000, 20, 20)
    # Otherwise pydantic looks through every installed package for plugins of its own: 20 ms, and there are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _leave(tab.offer(run_command_line) if tab.is_asked() else run_command_line(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End now. An ordinary exit takes 45 ms to take everything apart, and minutes when Prefect's server is gone."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or its reader has gone
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
