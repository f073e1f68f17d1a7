"""A stage for the terminal's tests: a city with lamps, and a world of lamps that are files, so that programs share it.

`python -m tests.console.terminal.stage LAMPS ARGUMENTS...` is `seawall ARGUMENTS...` on it.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import drills
from connectors.world import memory_world
from console.terminal.main import run_command_line
from console.terminal.surroundings import Surroundings, standing_in
from seawall.actions import Action, CheckUp, Effect, Occasion, Proof, Seen, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.loading import City
from seawall.model import Duration, Frozen

RUNBOOK = """\
runbook: light
title: {en: "Light the {{ lamp }} lamp", da: "Tænd lampen {{ lamp }}"}
why: {en: It is dark, da: Det er mørkt}
parameters:
  lamp: {type: choice, of: [red, green, broken, cut, dead], default: green}
  slow: {type: duration, default: 0s}
confirm: "{{ lamp }}"
facts:
  before: {uses: lamp.look, with: {lamp: "{{ lamp }}"}, within: 60s}
steps:
  - id: look
    does: {en: "Look at the {{ lamp }} lamp", da: "Se på lampen {{ lamp }}"}
    uses: lamp.look
    with: {lamp: "{{ lamp }}"}
    expect: {on: false}
  - id: warm-up
    when: lamp == "red"
    does: {en: Warm it up, da: Varm den op}
    uses: lamp.on
    with: {lamp: warm}
  - id: light
    after: [look, warm-up]
    does: {en: Light it, da: Tænd den}
    uses: lamp.on
    with: {lamp: "{{ lamp }}", slow: "{{ slow }}", before: {from: look}}
    approve: {by: incident-commander, within: 10m}
    within: 60s
  - id: tell
    after: [light]
    does: {en: Tell the neighbours, da: Sig det til naboerne}
    by: duty-officer
    within: 15m
"""
PLAIN = """\
runbook: blink
title: {en: Blink, da: Blink}
why: {en: To be seen, da: For at blive set}
parameters:
  lamp: {type: choice, of: [red, green, broken, cut, dead], default: green}
  slow: {type: duration, default: 0s}
confirm: "{{ lamp }}"
steps:
  - id: light
    does: {en: Light it, da: Tænd den}
    uses: lamp.on
    with: {lamp: "{{ lamp }}", slow: "{{ slow }}"}
    within: 60s
  - id: look
    after: [light]
    does: {en: Look at it, da: Se på den}
    uses: lamp.look
    with: {lamp: "{{ lamp }}"}
    expect: {on: true}
"""
READS = """\
runbook: look
title: Look at the lamps
why: To know
parameters:
  lamp: {type: choice, of: [red, green, dead], default: green}
steps:
  - id: look
    does: Look at it
    uses: lamp.look
    with: {lamp: "{{ lamp }}"}
"""


class Lit(Seen):
    on: bool | None


class LampArgs(Frozen):
    lamp: str
    slow: Duration | None = None
    before: Lit | None = None


class Lamps:
    """Lamps that are files. `broken` refuses, `cut` lights and does not say so, `dead` cannot be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def actions(self) -> Sequence[Action[Any, Any]]:
        return (
            Action("lamp.look", Effect.READS, LampArgs, Lit, self.look, "Look at a lamp"),
            Action("lamp.is-on", Effect.READS, LampArgs, Proof, self.is_on, "Tell whether a lamp is on"),
            Action(
                "lamp.on",
                Effect.CHANGES,
                LampArgs,
                Lit,
                self.on,
                "Light a lamp",
                undone_by="lamp.off",
                proof="lamp.is-on",
            ),
            Action(
                "lamp.off", Effect.CHANGES, LampArgs, Lit, self.off, "Put a lamp out", undone_by="lamp.on"
            ),
        )

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> Sequence[CheckUp]:
        return (CheckUp("lamps", self.folder.is_dir(), f"{len(list(self.folder.iterdir()))} lit"),)

    def look(self, args: LampArgs, _occasion: Occasion) -> Lit:
        self._reach(args.lamp)
        return Lit(on=(self.folder / args.lamp).exists())

    def is_on(self, args: LampArgs, _occasion: Occasion) -> Proof:
        lit = (self.folder / args.lamp).exists()
        return Proof(holds=lit, because=f"{args.lamp} is {'on' if lit else 'off'}")

    def on(self, args: LampArgs, occasion: Occasion) -> Lit:
        self._reach(args.lamp)
        if args.lamp == "broken":
            raise DidNothing("the bulb is broken", where="lamp broken", remedy="Put in another bulb")
        time.sleep(min(args.slow.total_seconds() if args.slow else 0, occasion.deadline.left))
        (self.folder / args.lamp).write_text(occasion.run)
        if args.lamp == "cut":
            raise MayHaveActed(
                "the wire was cut", where="lamp cut", remedy="Look at the lamp before answering"
            )
        return Lit(on=True)

    def off(self, args: LampArgs, _occasion: Occasion) -> Lit:
        (self.folder / args.lamp).unlink(missing_ok=True)
        return Lit(on=False)

    @staticmethod
    def _reach(lamp: str) -> None:
        if lamp == "dead":
            raise Unreachable("no answer", where="lamp dead", remedy="See that it has power")


def without_duties(people: str) -> str:
    """Leave the duties out, so that what a test sees does not depend on whose week it is."""
    before, _, after = people.partition("# Who is on call")
    return before + after[after.index("audiences:") :]


def make_stage(folder: Path) -> Path:
    """Make a city with lamps in `folder`, and return it."""
    shutil.copytree(Path(drills.__file__).parent / "city", folder)
    people = folder / "inventory" / "people.yaml"
    people.write_text(without_duties(people.read_text(encoding="utf-8")), encoding="utf-8")
    (folder / "runbooks").mkdir(exist_ok=True)
    for name, text in (("light", RUNBOOK), ("blink", PLAIN), ("look", READS)):
        (folder / "runbooks" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "lamps").mkdir()
    return folder


def on_stage(lamps: Path, arguments: Sequence[str], **more: Any) -> int:
    """Carry out a command line in the world of lamps."""

    def world(city: City) -> World:
        return World(*memory_world(city.inventory, city.own).connectors, Lamps(lamps))

    with standing_in(Surroundings(open_world=world, **more)):
        return run_command_line(arguments)


if __name__ == "__main__":
    sys.exit(on_stage(Path(sys.argv[1]), sys.argv[2:]))
