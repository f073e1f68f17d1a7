"""Every mistake in a city's files at once, and in the plans made from them for every service that a runbook fits.

Nothing outside is called: a plan is made with every fact unknown, and the connectors are only asked what they declare.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.terminal.desk import Desk
from console.terminal.gap_screen import gaps_as_json, next_fills, show_gaps
from console.terminal.screen import Screen, next_command
from console.terminal.surroundings import surroundings
from drills.scenario_files import PRODUCT, load_scenarios
from seawall.binding import facts_to_read, make_plan
from seawall.errors import BadInput, Mistake
from seawall.gaps import Gap, gaps
from seawall.loading import City, load_city
from seawall.parameters import services_fitting
from seawall.runbook import Parameter, Runbook
from seawall.yaml_source import Loc

if TYPE_CHECKING:
    from seawall.ground import Ground

MOST_TRIALS = 500
"""Plans tried of one runbook; a city with more services than that learns most from the first."""
SAMPLES = {"text": "trial", "number": "1", "duration": "1m"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `counts` says what was looked at."""

    mistakes: tuple[Mistake, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Mistake, ...]
    counts: Mapping[str, int]


def check_city(desk: Desk) -> Checked:
    """Look at every file of the city. Raises nothing for what stands in them."""
    mistakes: list[Mistake] = []
    findings: list[Mistake] = []
    counts: dict[str, int] = {}
    found: tuple[Gap, ...] = ()
    city: City | None = None
    try:
        desk.city = city = load_city(desk.folder)  # whole: every mistake in every file
    except BadInput as error:
        mistakes += error.mistakes
    else:
        about_people, to_know = city.about_people(surroundings().now())
        mistakes += about_people
        findings += [*city.findings, *to_know]
        mistakes += city.unreviewed
        wrong, nothing_kept = _schedules(desk, city)
        mistakes += wrong
        findings += nothing_kept
        counts |= {
            "services": len(city.inventory.services),
            "hosts": len(city.inventory.hosts),
            "people": len(city.inventory.people),
            "runbooks": len(city.runbooks),
            "messages": len(city.templates),
            "own_actions": len(city.own.actions),
        }
        with desk.open_world() as world:
            trials = Trials(city, desk.ground(world))
            for runbook in city.runbooks.values():
                trials.plan_for_all(runbook)
        mistakes += trials.mistakes
        findings += trials.fits_nothing()
        found = gaps(city.inventory, city.written, trials.stopped)
        counts["trial_plans"] = trials.made
    counts["scenarios"], more = _scenarios(desk, city)
    mistakes += more
    return Checked(tuple(dict.fromkeys(mistakes)), found, tuple(dict.fromkeys(findings)), counts)


def show_check(checked: Checked, screen: Screen, *, every: bool, as_json: bool) -> None:
    """Show what was found, mistakes first.

    Args:
        checked: what was found.
        screen: where to show it.
        every: show every gap, and not only the next few.
        as_json: show JSON instead.
    """
    if as_json:
        screen.raw(json.dumps(_as_json(checked), indent=2, ensure_ascii=False))
        return
    for mistake in checked.mistakes:
        _show(mistake, screen)
    looked_at = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in checked.counts.items() if count
    )
    if checked.mistakes:
        count = len(checked.mistakes)
        screen.say(f"{count} mistake{'s' if count > 1 else ''}. Nothing was changed.", "bad")
    else:
        screen.say(f"No mistakes: {looked_at}.", "good")
    show_gaps(checked.gaps, screen, every=every)
    if checked.findings:
        screen.head("Allowed, but you should know:")
        for finding in checked.findings:
            _show(finding, screen)
    if checked.mistakes:
        next_command(screen, "seawall check   # after correcting")
    elif checked.gaps:
        next_command(screen, *next_fills(checked.gaps[:1]), "seawall check   # after filling the next gap")
    else:
        next_command(screen, "seawall doctor   # looks at the outside, changes nothing")


def _show(mistake: Mistake, screen: Screen) -> None:
    screen.say(f"{mistake.where}: {mistake.problem}.", indent=0, hang=4)
    screen.say(f"{mistake.remedy}.", "dim", indent=4)
    if mistake.corrected:
        screen.say(f"It should read:  {mistake.corrected.strip()}", indent=4)


def _as_json(checked: Checked) -> dict[str, Any]:
    def told(one: Mistake) -> dict[str, str | None]:
        return {"where": one.where, "problem": one.problem, "remedy": one.remedy, "corrected": one.corrected}

    return {
        "well": not checked.mistakes,
        "mistakes": [told(one) for one in checked.mistakes],
        "gaps": gaps_as_json(checked.gaps),
        "findings": [told(one) for one in checked.findings],
        "looked_at": dict(checked.counts),
    }


def _schedules(desk: Desk, city: City) -> tuple[Sequence[Mistake], Sequence[Mistake]]:
    """Look at what the settings say about schedules. Returns: mistakes, and what is to be known."""
    from flows.schedules import DEPLOYMENTS, city_schedules

    try:
        city_schedules(desk.settings, city.inventory)
    except BadInput as error:
        # An install without its repository has no schedules to keep; that is no mistake in a city's files.
        return (error.mistakes, ()) if DEPLOYMENTS.is_file() else ((), error.mistakes)
    return (), ()


def _scenarios(desk: Desk, city: City | None) -> tuple[int, list[Mistake]]:
    """Look at the scenarios, against the city when that has no mistakes of its own."""
    own = desk.folder / "scenarios"

    def shown(path: Path) -> str:
        return f"scenarios/{path.name}" if path.parent == own else str(path)

    inventory, runbooks = (city.inventory, city.runbooks) if city else (None, None)
    found = 0
    mistakes: list[Mistake] = []
    # Those that come with Seawall are written for the reference city, and need not fit this one.
    for folder, against in ((PRODUCT, (None, None)), (own, (inventory, runbooks))):
        try:
            found += len(load_scenarios([folder], *against, shown=shown))
        except BadInput as error:
            mistakes += error.mistakes
    return found, mistakes


class Trials:
    """Plans made for the sake of their mistakes."""

    def __init__(self, city: City, ground: Ground) -> None:
        self.city, self.ground = city, ground
        self.mistakes: list[Mistake] = []
        self.stopped: dict[Loc, list[str]] = {}
        self.unfit: list[tuple[str, str, str]] = []
        self.made = 0

    def plan_for_all(self, runbook: Runbook) -> None:
        """Plan `runbook` for every set of parameters it fits; a set that it does not fit is no mistake."""
        misfit: Mistake | None = None
        fitted = False
        for given in itertools.islice(self._sets(runbook), MOST_TRIALS):
            self.made += 1
            try:
                self._plan(runbook, given)
                fitted = True
            except BadInput as error:
                about_parameters = [one for one in error.mistakes if one.where.startswith("parameter ")]
                misfit = misfit or next(iter(about_parameters), None)
                if not about_parameters:
                    fitted = True
                    self.mistakes += [one for one in error.mistakes if not one.lacks]
                    for one in error.mistakes:
                        self._stop(one.lacks, runbook, given)
        if not fitted:
            why = f": {misfit.problem}" if misfit else ""
            self.unfit.append((runbook.runbook, self.city.place(runbook.runbook, ("parameters",)), why))

    def fits_nothing(self) -> Iterator[Mistake]:
        """Tell of the runbooks that fit nothing here; of those that come with Seawall in one line."""
        remedy = "Nothing to do, unless you mean to use {} here"
        came = [name for name, place, _ in self.unfit if not place.startswith("runbooks/")]
        for name, place, why in self.unfit:
            if name not in came:
                yield Mistake(place, f"{name} fits nothing in this city{why}", remedy.format("it"))
        if came:
            problem = f"of those that come with Seawall, nothing in this city fits {', '.join(came)}"
            yield Mistake("runbooks", problem, remedy.format("one of them"))

    def _stop(self, lacks: Loc, runbook: Runbook, given: Mapping[str, str]) -> None:
        """Note what a plan could not be made without."""
        if lacks:
            kinds = ("service", "host", "backup", "site")
            of = next(
                (
                    given[name]
                    for name, one in runbook.parameters.items()
                    if one.type in kinds and name in given
                ),
                "",
            )
            plan = f"{runbook.runbook} of {of}" if of else runbook.runbook
            plans = self.stopped.setdefault(lacks, [])
            if plan not in plans:
                plans.append(plan)

    def _plan(self, runbook: Runbook, given: Mapping[str, str]) -> None:
        facts_to_read(runbook.runbook, self.ground, given)
        make_plan(runbook.runbook, self.ground, given, exercise=True)

    def _sets(self, runbook: Runbook) -> Iterator[dict[str, str]]:
        named = {name: tuple(self._candidates(one)) for name, one in runbook.parameters.items()}
        chosen = {name: candidates for name, candidates in named.items() if candidates}
        for values in itertools.product(*chosen.values()):
            yield dict(zip(chosen, values, strict=True))

    def _candidates(self, parameter: Parameter) -> Iterable[str]:
        """Name the values to try; none where the parameter's own default is to be tried."""
        inventory = self.city.inventory
        always: Mapping[str, Iterable[str]] = {
            "service": services_fitting(parameter, inventory),
            "backup": inventory.backups,
            "choice": parameter.of,
            "yes-no": ("yes", "no"),
        }
        without_default: Mapping[str, Iterable[str]] = {
            "site": inventory.sites,
            "host": inventory.hosts,
            "audience": inventory.audiences,
            **{kind: (sample,) for kind, sample in SAMPLES.items()},
        }
        if parameter.type in always:
            return always[parameter.type]
        return () if parameter.default is not None else without_default[parameter.type]
