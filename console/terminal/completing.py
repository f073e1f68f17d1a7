"""What the shell offers when a person presses Tab: services, sites, runbooks, runs. Fast, and silent when it cannot.

Names are read straight from the files, right or wrong: whoever mends a city's files needs them most.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

Offer = list[tuple[str, str]]
"""Words, each with what it stands for."""

_SECTIONS = {
    "service": "services",
    "site": "sites",
    "host": "hosts",
    "backup": "backups",
    "audience": "audiences",
}
"""Where the inventory has what a parameter of this type names."""
MOST = 200


def offer_runs(context: typer.Context, incomplete: str) -> Offer:
    """Offer runs, the newest first."""
    return _quietly(lambda: _starting(incomplete, [("last", "the newest run"), *_runs(context)]))


def offer_runbooks(context: typer.Context, incomplete: str) -> Offer:
    """Offer runbooks, the city's own and those that come with Seawall."""
    return _quietly(lambda: _starting(incomplete, [(name, "") for name in sorted(_runbooks(context))]))


def offer_assignments(context: typer.Context, incomplete: str) -> Offer:
    """Offer what the runbook takes, as `key=`, and the names that fit a key."""
    return _quietly(lambda: _assignments(context, incomplete))


def offer_sections(section: str) -> Callable[[typer.Context, str], Offer]:
    """Return what offers the names in a section of the inventory."""

    def offer(context: typer.Context, incomplete: str) -> Offer:
        return _quietly(lambda: _starting(incomplete, [(name, "") for name in _entries(context, section)]))

    return offer


def _quietly(find: Callable[[], Offer]) -> Offer:
    try:
        return find()
    except Exception:  # noqa: BLE001 - the rim: whatever is wrong, a person who presses Tab reads no error
        return []


def _starting(incomplete: str, words: Iterable[tuple[str, str]]) -> Offer:
    return [one for one in words if one[0].startswith(incomplete)][:MOST]


def _city(context: typer.Context) -> Path:
    from console.terminal.surroundings import find_city

    said = context.params.get("city")
    return find_city(Path(said) if said else None)


def _runs(context: typer.Context) -> Offer:
    from seawall.run_list import run_names
    from seawall.settings import load_settings

    return [(name, "") for name in run_names(load_settings(_city(context)).runs)]


def _runbooks(context: typer.Context) -> Mapping[str, Path]:
    from seawall.errors import BadInput
    from seawall.loading import PRODUCT
    from seawall.loading.city_files import yaml_files

    folders = [PRODUCT]
    with contextlib.suppress(BadInput):  # no city yet; those that come with Seawall are there all the same
        folders.append(_city(context) / "runbooks")
    return {path.stem: path for folder in folders for path in yaml_files(folder)}


def _assignments(context: typer.Context, incomplete: str) -> Offer:
    from seawall.yaml_source import read_yaml

    path = _runbooks(context)[str(context.params["runbook"])]
    parameters = read_yaml(path, go_on=True).value["parameters"]
    key, sign, _ = incomplete.partition("=")
    given = {str(word).partition("=")[0] for word in context.params.get("given") or ()}
    if sign:
        return _starting(incomplete, _values(context, key, parameters[key]))
    left = [name for name in parameters if name.startswith(key) and name not in given]
    if len(left) == 1:  # bash puts a space after the only word there is, and none belongs after `service=`
        return _values(context, left[0], parameters[left[0]]) or [(f"{left[0]}=", "")]
    return [(f"{name}=", str(parameters[name].get("type", ""))) for name in left]


def _values(context: typer.Context, key: str, parameter: Mapping[str, Any]) -> Offer:
    kind = parameter.get("type")
    if kind == "choice":
        names = [str(one) for one in parameter["of"]]
    elif kind in _SECTIONS:
        entries = _entries(context, _SECTIONS[kind])
        names = [name for name, entry in entries.items() if _fits(entry, parameter)]
    else:
        names = [str(parameter["default"])] if "default" in parameter else []
    return [(f"{key}={name}", "") for name in names]


def _fits(entry: Any, parameter: Mapping[str, Any]) -> bool:
    """Tell whether a runbook that asks for this parameter could take the entry; when in doubt, it is offered."""
    if not isinstance(entry, dict):
        return True
    engine, has = parameter.get("engine"), parameter.get("has")
    if engine is not None:
        return isinstance(entry.get("database"), dict) and entry["database"].get("engine") == engine
    if has is not None or "run_by" in parameter:
        return (has or "run_by") in entry
    return not entry.get("witness")


def _entries(context: typer.Context, section: str) -> Mapping[str, Any]:
    from seawall.errors import BadInput
    from seawall.loading.city_files import yaml_files
    from seawall.yaml_source import read_yaml

    found: dict[str, Any] = {}
    for path in yaml_files(_city(context) / "inventory"):
        if section.encode() not in path.read_bytes():
            continue
        try:
            written = read_yaml(path, go_on=True).value
        except BadInput:
            continue
        if isinstance(written, dict) and isinstance(written.get(section), dict):
            found.update({str(name): entry for name, entry in written[section].items()})
    return found
