"""Scenario files, read: every mistake in all of them at once, each at its place, with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drills.scenario import AcceptsWrites, BreakGuard, RunAfterwards, Scenario
from seawall.errors import BadInput, Mistake
from seawall.inventory import Inventory
from seawall.loading import load_file
from seawall.loading.nearest import choose, nearest
from seawall.runbook import Parameter, Runbook
from seawall.yaml_source import Loc, YamlSource

PRODUCT = Path(__file__).parent / "scenarios"
"""The scenarios that come with Seawall."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A name written in a scenario, and what it must be one of."""

    path: Loc
    name: str
    kind: str
    known: Collection[str]


def load_scenario(
    path: Path, city: Inventory | None = None, runbooks: Mapping[str, Runbook] | None = None
) -> Scenario:
    """Load one scenario.

    Args:
        path: its file.
        city: the inventory it will be held in; its services, sites, hosts and people are checked when it is given.
        runbooks: the runbooks at hand; names and parameters are checked when they are given.

    Raises:
        BadInput: with every mistake in it.
    """
    scenario, mistakes = _read(path, str(path), city, runbooks)
    if mistakes or scenario is None:
        raise BadInput(mistakes)
    return scenario


def load_scenarios(
    folders: Sequence[Path],
    city: Inventory | None = None,
    runbooks: Mapping[str, Runbook] | None = None,
    *,
    shown: Callable[[Path], str] = str,
) -> Mapping[str, Scenario]:
    """Load every scenario in `folders` by name; one in a later folder replaces its namesake in an earlier.

    Args:
        folders: where they lie; a folder that is not there holds none.
        city: as for `load_scenario`.
        runbooks: as for `load_scenario`.
        shown: what to call a file in mistakes.

    Raises:
        BadInput: with every mistake in every file.
    """
    mistakes: list[Mistake] = []
    found: dict[str, Scenario] = {}
    for path in scenario_files(folders).values():
        scenario, wrong = _read(path, shown(path), city, runbooks)
        mistakes += wrong
        if scenario is not None:
            found[path.stem] = scenario
    if mistakes:
        raise BadInput(mistakes)
    return found


def scenario_files(folders: Sequence[Path]) -> Mapping[str, Path]:
    """Return the scenarios' files by name, those of a later folder in place of an earlier one's."""
    paths = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    return {path.stem: path for path in paths if path.suffix in {".yaml", ".yml"} and path.name[0] != "."}


def _read(
    path: Path, shown: str, city: Inventory | None, runbooks: Mapping[str, Runbook] | None
) -> tuple[Scenario | None, Sequence[Mistake]]:
    try:
        scenario, source = load_file(path, Scenario, shown)
    except BadInput as error:
        return None, error.mistakes
    mistakes = [*_called_as_file(scenario, source, path)]
    if city is None or scenario.load.service in city.services:
        mistakes += _only_what_is_loaded(scenario, source)
    named = [] if city is None else [*_in_city(scenario, city)]
    named += [] if runbooks is None else [*_in_runbooks(scenario, runbooks, city)]
    mistakes += [_no_such(source, one) for one in named if one.name not in one.known]
    if city is not None:
        mistakes += _measurable(scenario, source, city)
    return scenario, mistakes


def _called_as_file(scenario: Scenario, source: YamlSource, path: Path) -> Iterator[Mistake]:
    if scenario.scenario != path.stem:
        corrected = source.rewritten(source.spot(("scenario",)).value, path.stem)
        problem = f"the file is called {path.name}, and its scenario {scenario.scenario}"
        yield Mistake(source.where(("scenario",)), problem, "Give both one name", corrected)


def _only_what_is_loaded(scenario: Scenario, source: YamlSource) -> Iterator[Mistake]:
    for number, expected in enumerate(scenario.expect):
        if isinstance(expected, AcceptsWrites) and expected.service != scenario.load.service:
            yield Mistake(
                source.where(("expect", number, "service")),
                f"nobody writes to {expected.service} in this drill, so nobody can tell whether it accepts writes",
                f"Write `{scenario.load.service}`, which `load` writes to",
            )


def _in_city(scenario: Scenario, city: Inventory) -> Iterator[_Named]:
    services, sites, hosts, people = city.services, city.sites, city.hosts, city.people
    guarded = {one.host.name for one in city.servers() if one.lease is not None}
    yield _Named(("load", "service"), scenario.load.service, "service", services)
    for number, moment in enumerate(scenario.timeline):
        for field, kind, known in (("site", "site", sites), ("host", "host", hosts)):
            if isinstance(moment, BreakGuard) and field == "host":
                yield _Named(("timeline", number, field), moment.host, "host with a guard", guarded)
            elif hasattr(moment, field):
                yield _Named(("timeline", number, field), getattr(moment, field), kind, known)
        for end, site in enumerate(getattr(moment, "between", ())):
            yield _Named(("timeline", number, "between", end), site, "site", sites)
    for number, person in enumerate(scenario.respond.approved_by if scenario.respond else ()):
        yield _Named(("respond", "approved_by", number), person, "person", people)
    for number, expected in enumerate(scenario.expect):
        if isinstance(at := getattr(expected, "at", None), str):
            yield _Named(("expect", number, "at"), at, "site", sites)
        if isinstance(audience := getattr(expected, "audience", None), str):
            yield _Named(("expect", number, "audience"), audience, "audience", city.audiences)


def _in_runbooks(
    scenario: Scenario, runbooks: Mapping[str, Runbook], city: Inventory | None
) -> Iterator[_Named]:
    used: list[tuple[Loc, str, Mapping[str, str]]] = []
    if scenario.respond is not None:
        used.append((("respond",), scenario.respond.runbook, scenario.respond.with_))
    for number, step in enumerate(scenario.afterwards):
        if isinstance(step, RunAfterwards):
            used.append((("afterwards", number), step.runbook, step.with_))
    for path, name, given in used:
        yield _Named((*path, "runbook"), name, "runbook", runbooks)
        known = runbooks[name].parameters if name in runbooks else {}
        for parameter, value in given.items() if name in runbooks else ():
            yield _Named((*path, "with", parameter), parameter, f"parameter of {name}", known)
            if parameter in known and (choices := _choices(known[parameter], city)) is not None:
                yield _Named((*path, "with", parameter), value, known[parameter].type, choices)


def _choices(parameter: Parameter, city: Inventory | None) -> Collection[str] | None:
    if parameter.type == "choice":
        return parameter.of
    if city is None:
        return None
    kinds: Mapping[str, Collection[str]] = {
        "service": city.services,
        "site": city.sites,
        "host": city.hosts,
        "backup": city.backups,
        "audience": city.audiences,
    }
    return kinds.get(parameter.type)


def _measurable(scenario: Scenario, source: YamlSource, city: Inventory) -> Iterator[Mistake]:
    service = city.services.get(scenario.load.service)
    if service is not None and service.run_by is not None:
        problem = (
            f"{scenario.load.service} is run by {service.run_by.supplier}: nothing of ours is written there, "
            "so that no drill can count what is lost"
        )
        remedy = (
            f"Exercise it with people: seawall run supplier-outage service={scenario.load.service} --exercise"
        )
        yield Mistake(source.where(("load", "service")), problem, remedy)
    elif service is not None and (service.probe is None or service.probe.write is None):
        yield Mistake(
            source.where(("load", "service")),
            f"{scenario.load.service} has no `probe: {{write: ledger, ...}}`, so nobody can write to it from outside",
            "Name a service that has one, or give this one a probe in the inventory",
        )


def _no_such(source: YamlSource, one: _Named) -> Mistake:
    about_key = one.kind.startswith("parameter")
    spot = source.spot(one.path)
    meant = nearest(one.name, one.known)
    node = spot.key if about_key else spot.value
    corrected = source.rewritten(node, meant) if meant and node is not None else None
    where = source.where(one.path, key=about_key)
    return Mistake(where, f"there is no {one.kind} `{one.name}`", choose(one.name, one.known), corrected)
