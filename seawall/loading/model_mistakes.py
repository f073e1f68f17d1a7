"""Every error of pydantic's, at the place in the file where it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import yaml
from pydantic import BaseModel, ValidationError

from seawall.errors import Mistake
from seawall.loading.explained import Wrong, explained, of_kind
from seawall.loading.shapes import example, keys_of
from seawall.yaml_source import Loc, YamlSource

LONGEST_PROBLEM = 300


def model_mistakes(
    error: ValidationError,
    model: type[BaseModel],
    source_of: Callable[[Loc], YamlSource | None],
    *,
    lost: str,
) -> list[Mistake]:
    """Translate every error.

    Args:
        error: what pydantic raised.
        model: what was read.
        source_of: the file in which something stands; None when nothing of it stands anywhere.
        lost: what to name as the place then.
    """
    found: dict[tuple[object, ...], Mistake] = {}
    misspelt: set[Loc] = set()
    for one in sorted(
        error.errors(include_url=False, include_input=False), key=lambda one: one["type"] == "missing"
    ):
        path: Loc = tuple(part for part in one["loc"] if part != "[key]")
        source = source_of(path)
        if source is None:
            line = f"{path[0]}: {example(keys_of(model)[str(path[0])])}"
            found[path] = Mistake(lost, f"there is no `{path[0]}`", "Add the line", line)
            continue
        if path in misspelt:
            continue
        about_key = one["loc"][-1:] == ("[key]",)
        wrong = Wrong(
            one["type"], path, one.get("ctx", {}), one["msg"], model, source, source.spot(path), about_key
        )
        if wrong.kind == "extra_forbidden" and wrong.meant_key is not None:
            misspelt.add((*path[:-1], wrong.meant_key))
        mistake = _mistake(wrong)
        # A value that may be one of several kinds is wrong once, not once for each kind it is not.
        which = "kind" if of_kind(wrong) else mistake.problem
        found.setdefault((mistake.where, wrong.spot.reached, which), mistake)
    return list(found.values())


def _mistake(wrong: Wrong) -> Mistake:
    problem, remedy, corrected = explained(wrong)
    if len(problem) > LONGEST_PROBLEM:
        problem = problem[:LONGEST_PROBLEM] + "…"
    whole = wrong.kind == "value_error" and not isinstance(wrong.spot.value, yaml.ScalarNode)
    at_key = wrong.about_key or whole or wrong.kind in {"missing", "extra_forbidden"}
    return Mistake(wrong.source.where(wrong.spot.reached, key=at_key), problem, remedy, corrected)


def in_file_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Sort mistakes by file, line and column, each once."""

    def order(mistake: Mistake) -> tuple[str, int, int]:
        match = re.fullmatch(r"(.*?):(\d+):(\d+)", mistake.where)
        return (match[1], int(match[2]), int(match[3])) if match else (mistake.where, 0, 0)

    return sorted(dict.fromkeys(mistakes), key=order)
