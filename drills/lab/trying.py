"""A city's own action tried in the lab: what reads must leave everything as it was; what changes must be proven.

An action that changes is carried out, looked at through its own proof, taken back, and looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drills.lab.errors import LabMisused
from drills.lab.imprint import Imprint, differences, imprint
from drills.lab.layout import LabLayout
from seawall.actions import Action, Deadline, Effect, Occasion, World
from seawall.errors import CallError
from seawall.targets import Host

SHOWN = 20
"""Things that are named of what an action changed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was found. `well` is None for what is only told."""

    what: str
    saw: str
    well: bool | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying one action."""

    action: str
    effect: Effect
    seen: tuple[Seen, ...]

    @property
    def well(self) -> bool:
        """Whether nothing was found against it."""
        return all(one.well is not False for one in self.seen)


def try_action(
    name: str, args: Mapping[str, Any], world: World, layout: LabLayout, tell: Callable[[str], None]
) -> Trial:
    """Carry the action out in the lab and tell what came of it.

    Raises:
        LabMisused: it would act on something that is no machine of this lab.
    """
    action = world[name]
    _expect_the_lab(action, args, layout)
    tell("Looking at the lab twice, to know what changes by itself")
    noise, before = imprint(layout), imprint(layout)
    trying = _Trying(world, layout, args, before, noise)
    tell(f"Carrying out {name}")
    seen = trying.read(action) if action.effect is Effect.READS else trying.change(action)
    return Trial(name, action.effect, tuple(seen))


def _expect_the_lab(action: Action[Any, Any], args: Mapping[str, Any], layout: LabLayout) -> None:
    parsed = action.args.model_validate(dict(args))
    for _, one in parsed:
        if isinstance(one, Host) and one not in layout.hosts.values():
            raise LabMisused(
                f"{one.name} at {one.address} is no machine of this lab, and nothing is tried anywhere else",
                where=action.name,
                remedy="Name the lab's own city with --city, or a machine of the lab as the host",
            )


@dataclass(frozen=True, slots=True)
class _Trying:
    world: World
    layout: LabLayout
    args: Mapping[str, Any]
    before: Imprint
    noise: Imprint

    def read(self, action: Action[Any, Any]) -> list[Seen]:
        seen = [self._call(action.name, "it")]
        changed = differences(self.before, imprint(self.layout), self.noise)
        if changed:
            return [*seen, Seen("says that it only reads", f"and changed: {_listed(changed)}", well=False)]
        return [*seen, Seen("says that it only reads", "and nothing is changed that can be seen", well=True)]

    def change(self, action: Action[Any, Any]) -> list[Seen]:
        seen = [self._proof(action, "before", wanted=False)] if action.proof else []
        done = self._call(action.name, "it")
        seen.append(done)
        if done.well is False:
            return seen
        after = imprint(self.layout)
        changed = differences(self.before, after, self.noise)
        told = _listed(changed) if changed else "nothing that can be seen here"
        seen.append(Seen("changed", told))
        if action.proof:
            seen.append(self._proof(action, "after", wanted=True))
        if action.undone_by is None:
            return seen
        seen.append(self._call(action.undone_by, "taken back"))
        if action.proof:
            seen.append(self._proof(action, "after that", wanted=False))
        left = differences(self.before, imprint(self.layout), self.noise)
        seen.append(Seen("left behind", _listed(left) if left else "nothing that can be seen"))
        return seen

    def _proof(self, action: Action[Any, Any], when: str, *, wanted: bool) -> Seen:
        what = f"its proof {when}"
        try:
            found = self._perform(action.proof or "")
        except CallError as error:
            return Seen(what, f"could not be looked at: {error.problem}", well=False)
        holds = found.holds
        said = {True: "holds", False: "does not hold", None: "cannot tell"}[holds]
        well = holds is wanted
        return Seen(
            what, f"{said}: {found.because}" + ("" if well else ", and should be otherwise"), well=well
        )

    def _call(self, name: str, what: str) -> Seen:
        try:
            return Seen(what, f"done: {self._perform(name)}", well=True)
        except CallError as error:
            return Seen(what, f"failed: {error.problem}", well=False)

    def _perform(self, name: str) -> Any:
        action = self.world[name]
        args = {key: value for key, value in self.args.items() if key in action.args.model_fields}
        deadline = Deadline.within(action.limit)
        return self.world.perform(name, {**args, **action.pinned}, Occasion(deadline, "trial", name))


def _listed(changed: tuple[str, ...]) -> str:
    more = f", and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return "; ".join(changed[:SHOWN]) + more
