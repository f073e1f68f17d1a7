"""`runbooks/*.yaml`, each as a runbook: understood, its steps in an order, its templates naming what there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seawall.errors import Mistake
from seawall.loading.cycles import cycles
from seawall.loading.model_mistakes import model_mistakes
from seawall.loading.nearest import choose, nearest
from seawall.loading.references import places
from seawall.loading.template_checks import KINDS, Names, names_passed, template_mistakes, templates_in
from seawall.runbook import Runbook
from seawall.yaml_source import Loc, YamlSource, read_yaml

NO_TEMPLATES = frozenset(
    {
        "id",
        "uses",
        "by",
        "runbook",
        "after",
        "unknown",
        "late",
        "then",
        "escalate",
        "approve",
        "override",
        "answered_by",
    }
)
"""Parts of a step that are read as they stand."""


@dataclass(frozen=True, slots=True)
class RunbookFile:
    """One file that was read. `runbook` is None when it could not be understood; then there are mistakes."""

    source: YamlSource
    runbook: Runbook | None
    mistakes: tuple[Mistake, ...]
    ours: bool = False


def read_runbook(path: Path, shown: str, *, ours: bool = False) -> RunbookFile:
    """Read one file.

    Args:
        path: the file.
        shown: its name in mistakes.
        ours: it comes with Seawall, whose tests look at its templates; at night there is no time for that.

    Raises:
        BadInput: not even a value could be read from it.
    """
    source = read_yaml(path, shown, go_on=True)
    mistakes = list(source.mistakes)
    runbook = None
    try:
        runbook = Runbook.model_validate(source.value)
    except ValidationError as error:
        mistakes += model_mistakes(error, Runbook, lambda _: source, lost=shown)
    if isinstance(source.value, dict):
        mistakes += _named_as_file(source, path)
        mistakes += _steps(source)
        mistakes += () if ours else _templates(source)
    return RunbookFile(source, runbook, tuple(mistakes), ours)


def used_runbooks(files: Mapping[str, RunbookFile], unread: Collection[str]) -> Iterator[Mistake]:
    """Find the steps that use a runbook there is not, and runbooks that use one another in a circle.

    Args:
        files: the runbooks that were read.
        unread: names of those that could not be; their own mistakes say why.
    """
    graph: dict[str, dict[str, str]] = {name: {} for name in files}
    for name, file in files.items():
        for path, used in places(file.source.value, ("steps", "*", "runbook")):
            if not isinstance(used, str) or used in unread:
                continue
            if used in files:
                graph[name][used] = file.source.where(path)
            else:
                yield _no_such(file.source, path, f"there is no runbook `{used}`", used, files)
    for loop in cycles({name: list(used) for name, used in graph.items()}):
        problem = f"runbooks use one another in a circle: {' -> '.join(loop)}"
        yield Mistake(
            graph[loop[0]][loop[1]], problem, "Remove one of these steps; such a plan would have no end"
        )


def names_given(files: Iterable[RunbookFile]) -> set[str]:
    """Return every name that runbooks give to the messages they ask for: parameters, and what they pass besides."""
    given: set[str] = set()
    for file in files:
        given.update(() if file.runbook is None else file.runbook.parameters)
        for _, text in templates_in(file.source.value, ()):
            given.update(names_passed(text) if "message(" in text else ())
    return given


def _named_as_file(source: YamlSource, path: Path) -> Iterator[Mistake]:
    name = source.value.get("runbook")
    if isinstance(name, str) and name != path.stem:
        problem = f"the file is called {path.name}, and its runbook {name}"
        corrected = source.rewritten(source.spot(("runbook",)).value, path.stem)
        yield Mistake(
            source.where(("runbook",)), problem, "Give both one name, so that it is found at night", corrected
        )


def _steps(source: YamlSource) -> Iterator[Mistake]:
    ids: dict[str, Loc] = {}
    for path, name in places(source.value, ("steps", "*", "id")):
        if isinstance(name, str) and name in ids:
            first = source.where(ids[name])
            yield Mistake(
                source.where(path),
                f"two steps are called `{name}`; the first is {first}",
                "Rename one of them",
            )
        ids.setdefault(str(name), path)
    graph: dict[str, dict[str, Loc]] = {name: {} for name in ids}
    for path, wanted in places(source.value, ("steps", "*", "after", "*")):
        step = _id_of(source, path)
        if not isinstance(wanted, str):
            continue
        if wanted not in ids:
            yield _no_such(
                source, path, f"there is no step `{wanted}`", wanted, [one for one in ids if one != step]
            )
        elif step is not None and step != wanted:
            graph[step][wanted] = path
    for path, wanted in (*_taken_from(source.value), *_asked_about(source.value)):
        if wanted not in ids:
            yield _no_such(source, path, f"there is no step `{wanted}` to take something from", wanted, ids)
    for loop in cycles({name: list(waits) for name, waits in graph.items()}):
        problem = f"steps wait for one another in a circle: {' -> '.join(loop)}"
        yield Mistake(source.where(graph[loop[0]][loop[1]]), problem, "Remove one of these from its `after`")


def _taken_from(written: Any) -> Iterator[tuple[Loc, str]]:
    """Find the steps whose findings other steps take as arguments."""
    for path, wanted in places(written, ("steps", "*", "with", "*", "from")):
        if isinstance(wanted, str):
            yield path, wanted.partition(".")[0]


def _asked_about(written: Any) -> Iterator[tuple[Loc, str]]:
    """Find the steps whose findings decide whether other steps are needed."""
    for path, _ in places(written, ("steps", "*", "unless_seen", "*")):
        yield path, str(path[-1])


def _id_of(source: YamlSource, path: Loc) -> str | None:
    step = source.value["steps"][path[1]]
    name = step.get("id") if isinstance(step, dict) else None
    return name if isinstance(name, str) else None


def _templates(source: YamlSource) -> Iterator[Mistake]:
    parameters = _parameters(source.value)
    earlier: dict[str, type | None] = {}
    for name, kind in parameters.items():
        default = source.value["parameters"][name]
        if isinstance(default, dict) and isinstance(default.get("default"), str):
            yield from template_mistakes(source, ("parameters", name, "default"), default["default"], earlier)
        earlier[name] = kind
    for section in ("title", "confirm", "facts"):
        for path, text in templates_in(source.value.get(section), (section,)):
            yield from template_mistakes(source, path, text, parameters)
    asked: Names = {"message": None, "on_slack": None}
    names: Names = {**parameters, **asked, **({"facts": None} if "facts" in source.value else {})}
    for path, step in places(source.value, ("steps", "*")):
        if isinstance(step, dict):
            yield from _step_templates(source, path, step, names)


def _step_templates(
    source: YamlSource, path: Loc, step: Mapping[str, Any], names: Names
) -> Iterator[Mistake]:
    with_each = {**names, "each": None} if "for_each" in step else names
    for key, written in step.items():
        if key in NO_TEMPLATES:
            continue
        known = names if key == "for_each" else with_each
        for place, text in templates_in(written, (*path, key)):
            yield from template_mistakes(source, place, text, known, bare=key == "when")


def _parameters(written: Mapping[str, Any]) -> dict[str, type | None]:
    parameters = written.get("parameters")
    if not isinstance(parameters, dict):
        return {}
    return {
        name: KINDS.get(str(one.get("type"))) if isinstance(one, dict) else None
        for name, one in parameters.items()
    }


def _no_such(source: YamlSource, path: Loc, problem: str, name: str, known: Any) -> Mistake:
    meant = nearest(name, known)
    corrected = source.rewritten(source.spot(path).value, meant) if meant else None
    return Mistake(source.where(path), problem, choose(name, known), corrected)
