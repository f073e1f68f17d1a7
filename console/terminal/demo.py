"""The whole road once, before one's eyes: a city service survives the loss of its site, with trouble on the way.

Everything in it is real and on this machine. It ends what it started, also on Ctrl-C and after being killed half-way:
the next demo finds what is left and ends it first.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from console.terminal.demo_runs import OPERATOR, Command, in_this_process, with_a_wrong_address
from console.terminal.demo_screen import Stages
from console.terminal.desk import Desk
from console.terminal.lab import city_of_lab, lab_folder, write_city
from console.terminal.run_screen import tell
from console.terminal.screen import language, out, words
from console.terminal.signing import KEY
from console.terminal.surroundings import surroundings
from drills.hold import hold_drill
from drills.lab.outside import LabOutside
from drills.lab.people import keys_of, make_people
from drills.lab.up import lab_down, lab_up
from drills.scenario_files import PRODUCT, load_scenario
from drills.scorecard import Moment, Scorecard
from flows.server import prefect_server
from seawall.errors import DoesNotHold, ExitCode, SeawallError
from seawall.files import write_whole
from seawall.report.page import to_page
from seawall.run_list import Standing, find_run, list_runs
from seawall.signers import VARIABLE

SCENARIO = "lose-a-site"
STAGES = (
    ("lab", "Bring up two sites and a witness, and an embedded Prefect", 12),
    ("backup", "Back up Login's database, and prove it by restoring it", 12),
    ("wrong", "Point a step at the wrong server: it must refuse", 2),
    ("drill", "Lose a site while people write; kill the orchestrator; come home", 35),
    ("down", "End everything that was started", 4),
)
"""Name, what a person reads, and about how many seconds it takes on two cores."""


@dataclass
class Shown:
    """What the demo has to tell at its end."""

    card: Scorecard | None = None
    drill: Path | None = None
    proofs: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything was as it should be."""
        return (
            self.card is not None
            and self.card.verdict.kind == "passed"
            and all(well for well, _ in self.proofs)
        )


def show_demo(lab: Path | None) -> int:
    """Show it all once, and return the exit code.

    Raises:
        SeawallError: it could not go on. What was started is ended first.
    """
    folder = lab if lab is not None else lab_folder(None).with_name(f"{lab_folder(None).name}-demo")
    shown = Shown()
    with Stages(STAGES, out()) as stages, ExitStack() as tidy:
        tidy.callback(_end, folder, stages)
        desk, prefect = _bring_up(folder, stages, tidy)
        _back_up(desk, stages, shown)
        _refuse(desk, stages, shown)
        _drill(folder, desk, prefect, stages, shown)
    return _tell(shown, desk)


def _bring_up(folder: Path, stages: Stages, tidy: ExitStack) -> tuple[Desk, str]:
    with stages.stage("lab") as tell:
        lab_down(folder)
        server = _InBackground(folder.with_name(f"{folder.name}-prefect"))
        tidy.callback(server.end)
        layout = lab_up(folder, tell=tell)
        place = city_of_lab(folder)
        write_city(layout, place)
        _put_aside_what_was_open(place)
        _let_people_sign(folder, place, tidy)
        tell("Waiting for Prefect (the first start makes its database)")
        return Desk.at(place), server.url()


def _put_aside_what_was_open(place: Path) -> None:
    """Move away the runs of a demo that was killed: the lab they were about is gone, and nobody can take them up."""
    for run in list_runs(place / "runs"):
        if run.standing is not Standing.ENDED:
            left = place / "unfinished"
            left.mkdir(exist_ok=True)
            shutil.move(place / "runs" / run.id, left / run.id)


def _let_people_sign(folder: Path, place: Path, tidy: ExitStack) -> None:
    """Have the demo's yeses signed by the lab's people, in this process and in those that it starts."""
    before = {name: os.environ.get(name) for name in (VARIABLE, KEY)}
    trust = make_people(folder, Desk.at(place).inventory.people)
    os.environ.update({VARIABLE: str(trust), KEY: str(keys_of(folder) / OPERATOR)})

    def as_before() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    tidy.callback(as_before)


def _back_up(desk: Desk, stages: Stages, shown: Shown) -> None:
    with stages.stage("backup") as tell:
        (backup,) = desk.city.inventory.backups
        in_this_process(desk, "take-backup", {"backup": backup}, tell)
        state = in_this_process(desk, "verify-backup", {"backup": backup}, tell)
        found = state.steps["compare"].summary
        shown.proofs.append(
            (state.ended is not None and state.ended.outcome == "done", f"The backup {found}")
        )


def _refuse(desk: Desk, stages: Stages, shown: Shown) -> None:
    with stages.stage("wrong") as tell:
        refused = ""
        try:
            with with_a_wrong_address(desk) as wrong:
                in_this_process(wrong, "postgres-failover", {"service": "login", "mode": "planned"}, tell)
        except DoesNotHold as error:
            refused = error.problem
            tell(refused)
        well = "another server answers than the one meant" in refused
        said = refused or "it was not refused"
        shown.proofs.append(
            (well, f"Pointed at the wrong server, no plan was made, and nothing was changed: {said}")
        )


def _drill(folder: Path, desk: Desk, prefect: str, stages: Stages, shown: Shown) -> None:
    with stages.stage("drill") as tell:
        city = desk.city
        scenario = load_scenario(PRODUCT / f"{SCENARIO}.yaml", city.inventory, city.runbooks)
        now = desk.local(surroundings().now())
        shown.drill = desk.folder / "drills" / f"{now:%Y-%m-%d-%H%M%S}-{SCENARIO}"

        def told(moment: Moment) -> None:
            tell(words(moment.what))

        command = Command(desk, folder, prefect, tell, kill_after="fence")
        outside = LabOutside(folder, city.inventory)
        shown.card = hold_drill(scenario, city.inventory, outside, command, shown.drill, show=told)
        shown.proofs.append((command.resumed, command.how_it_was_resumed))
        shown.proofs.append((bool(command.seen_by_prefect), command.seen_by_prefect or "Prefect saw no run"))
        mails = sum(one.by == "email" for one in outside.messages())
        posts = len(outside.messages()) - mails
        shown.proofs.append(
            (
                mails > 0 and posts > 0,
                f"{mails} mails and {posts} Slack posts arrived, all marked as an exercise",
            )
        )


def _end(folder: Path, stages: Stages) -> None:
    with stages.stage("down"):
        lab_down(folder)


class _InBackground:
    """A Prefect server that starts while the lab does."""

    def __init__(self, folder: Path) -> None:
        self._stop, self._there = threading.Event(), threading.Event()
        self._url: str | None = None
        self._error: SeawallError | None = None
        self._thread = threading.Thread(target=self._serve, args=(folder,), name="prefect-server")
        self._thread.start()

    def url(self) -> str:
        """Wait until it answers. Raises: Unreachable."""
        self._there.wait()  # bounded by the server's own limit for its start
        if self._error is not None:
            raise self._error
        assert self._url is not None
        return self._url

    def end(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()

    def _serve(self, folder: Path) -> None:
        try:
            with prefect_server(folder) as self._url:
                self._there.set()
                self._stop.wait()
        except SeawallError as error:
            self._error = error
        finally:
            self._there.set()


def _tell(shown: Shown, desk: Desk) -> int:
    from rich.console import Console

    from drills.scorecard_terminal import print_scorecard

    screen = out()
    assert shown.card is not None
    screen.say()
    print_scorecard(shown.card, Console(highlight=False), language(), folder=shown.drill)
    screen.head("Seen on the way")
    for well, what in shown.proofs:
        screen.labelled("  yes" if well else "  NO", what, "good" if well else "bad", room=8)
    screen.head("To read")
    screen.raw(f"  {shown.drill}/scorecard.html")
    for held in shown.card.runs[:1]:
        if held.folder is not None:
            page = desk.folder / "drills" / f"{held.folder}.html"
            write_whole(page, to_page(tell(find_run(desk.runs, held.folder)), language(), desk.zone).encode())
            screen.raw(f"  {page}")
    screen.say()
    screen.say("To have the command `seawall` in this terminal:")
    screen.raw(f'  export PATH="{Path(sys.executable).parent}:$PATH" SEAWALL_CITY="{desk.folder}"')
    screen.say("Then: seawall runs; seawall show last; seawall lab up; seawall init my-city", "dim")
    return ExitCode.DONE if shown.passed else ExitCode.FAILED
