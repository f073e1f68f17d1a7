"""Every error of pydantic's, at the place in the file where it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from seawall.errors import Mistake
from seawall.loading.explained import Wrong, explained, quoted
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
    told = [
        _Told(one, source_of(tuple(one["loc"])))
        for one in error.errors(include_url=False, include_input=False)
    ]
    found = [_lost(one, model, lost) for one in told if one.source is None]
    wrongs = [one.wrong(model, one.source) for one in _likeliest(told) if one.source is not None]
    misspelt = {(*one.place[:-1], one.meant_key) for one in wrongs if one.kind == "extra_forbidden"}
    found += [_mistake(one) for one in wrongs if one.kind != "missing" or one.place not in misspelt]
    return list(dict.fromkeys(found))


class _Told:
    """One error as pydantic tells it, and how its path leads through the file."""

    def __init__(self, told: ErrorDetails, source: YamlSource | None) -> None:
        self.kind = told["type"]
        self.message = told["msg"]
        self.context = told.get("ctx", {})
        self.about_key = told["loc"][-1:] == ("[key]",)
        self.path: Loc = told["loc"][:-1] if self.about_key else told["loc"]
        self.source = source
        self.place: Loc = ()
        self.branch: tuple[Loc, str | int] | None = None
        here = None if source is None else source.value
        for index, part in enumerate(self.path):
            inside = (isinstance(here, dict) and part in here) or (
                isinstance(here, list) and isinstance(part, int) and part < len(here)
            )
            if inside or (self.kind == "missing" and index == len(self.path) - 1):
                self.place = (*self.place, part)
                here = here[part] if inside else None  # type: ignore[index]
            elif self.branch is None:
                self.branch = (self.place, part)
        if self.kind == "union_tag_invalid":
            self.place = (*self.place, quoted(self.context["discriminator"])[-1])

    def wrong(self, model: type[BaseModel], source: YamlSource) -> Wrong:
        """Return this error with what stands at its place."""
        spot = source.spot(self.place)
        return Wrong(
            self.kind, self.path, self.place, self.context, self.message, model, source, spot, self.about_key
        )


def _likeliest(told: Sequence[_Told]) -> list[_Told]:
    """Leave out what pydantic says of the members of a union that the author did not mean: those with more errors.

    A list whose every entry is wrong is also too short for pydantic, and for nobody else.
    """
    around = {one.place[:-1] for one in told if one.place}
    told = [one for one in told if one.kind != "too_short" or one.place not in around]
    counts: Counter[tuple[Loc, str | int]] = Counter()
    for one in told:
        if one.branch is not None:
            counts[one.branch] += 2 if one.kind.startswith("union_tag") else 1
    meant: dict[Loc, str | int] = {}
    for (place, member), count in counts.items():
        if place not in meant or count < counts[place, meant[place]]:
            meant[place] = member
    return [one for one in told if one.branch is None or meant[one.branch[0]] == one.branch[1]]


def _lost(told: _Told, model: type[BaseModel], lost: str) -> Mistake:
    section = str(told.path[0])
    return Mistake(
        lost, f"there is no `{section}`", "Add it", f"{section}: {example(keys_of(model)[section])}"
    )


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
