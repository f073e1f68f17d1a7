"""What pydantic says about one value, in plain words, with the line as it should read where that can be known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from seawall.loading.nearest import as_name, nearest
from seawall.loading.shapes import NAME_PATTERN, SECRET_PATTERN, example, keys_of, shape_at
from seawall.model import Text
from seawall.yaml_source import Loc, YamlSource
from seawall.yaml_source.source import Spot

Said = tuple[str, str, str | None]
"""Problem, remedy, and the corrected line when it is known."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One error of pydantic's, and what stands there.

    Attributes:
        kind: pydantic's name for what is wrong.
        path: where in the model; between the keys stand the members of unions that were tried.
        place: where in the file.
        about_key: it is about a name, not about what stands under it.
    """

    kind: str
    path: Loc
    place: Loc
    context: Mapping[str, Any]
    message: str
    model: type[BaseModel]
    source: YamlSource
    spot: Spot
    about_key: bool

    @property
    def called(self) -> str:
        """What the file calls the thing that is wrong."""
        reached = self.spot.reached
        if reached and isinstance(reached[-1], int):
            inside = next((part for part in reversed(reached) if isinstance(part, str)), "the file")
            return f"entry {reached[-1] + 1} of `{inside}`"
        return f"`{reached[-1]}`" if reached else "the file"

    @property
    def meant_key(self) -> str | None:
        """The key, not yet written, that an unknown one stands for."""
        around = self.place[:-1]
        known = keys_of(shape_at(self.model, self.path[:-1]))
        free = [one for one in known if self.source.spot((*around, one)).reached != (*around, one)]
        return nearest(str(self.path[-1]), free)


def explained(wrong: Wrong) -> Said:
    """Say what is wrong, what to do, and how the line should read."""
    return _SAID.get(wrong.kind, _otherwise)(wrong)


def quoted(words: object) -> list[str]:
    """Return what stands in single quotes in pydantic's own words: the choices there are."""
    return re.findall(r"'([^']*)'", str(words))


def _missing(wrong: Wrong) -> Said:
    lacking = wrong.path[-1]
    if isinstance(lacking, int):
        return f"{wrong.called} has too few values", f"It takes {_count(wrong)}", None
    field = keys_of(shape_at(wrong.model, wrong.path[:-1])).get(lacking)
    line = f"{lacking}: {example(field)}" if field is not None else f"{lacking}: ..."
    return f"{wrong.called} has no `{lacking}`", "Add it", _with_line(wrong, line)


def _count(wrong: Wrong) -> str:
    return f"{len(get_args(shape_at(wrong.model, wrong.path if wrong.kind == 'too_long' else wrong.path[:-1])))} values"


def _with_line(wrong: Wrong, line: str) -> str | None:
    """Return `line` as it would stand in the mapping that lacks it."""
    mapping = wrong.spot.value
    if isinstance(mapping, yaml.MappingNode) and mapping.flow_style:
        written = wrong.source.written(mapping)
        if not written.startswith("{"):
            return None
        inside = written[1:].lstrip()
        return wrong.source.rewritten(mapping, "{" + line + ("" if inside == "}" else ", ") + inside)
    if isinstance(mapping, yaml.MappingNode):
        return " " * mapping.start_mark.column + line
    return None


def _unknown(wrong: Wrong) -> Said:
    if (said := _comma_in_value(wrong)) is not None:
        return said
    known = keys_of(shape_at(wrong.model, wrong.path[:-1]))
    meant = wrong.meant_key
    corrected = (
        wrong.source.rewritten(wrong.spot.key, meant) if meant and wrong.spot.key is not None else None
    )
    remedy = f"Write `{meant}`" if meant else f"Known here: {', '.join(known)}"
    return f"`{wrong.path[-1]}` is not known here", remedy, corrected


def _comma_in_value(wrong: Wrong) -> Said | None:
    """Tell whether the key is the rest of a text in braces that holds a comma and no quotes."""
    around, key = wrong.source.spot(wrong.place[:-1]).value, wrong.spot.key
    if (
        not isinstance(around, yaml.MappingNode)
        or not around.flow_style
        or key is None
        or _standing(wrong.spot.value)
    ):
        return None
    before = [value for one, value in around.value if one.start_mark.index < key.start_mark.index]
    if not before or not isinstance(before[-1], yaml.ScalarNode) or before[-1].style:
        return None
    corrected = wrong.source.quoted(before[-1], key)
    return (
        f"a comma ends a value inside {{ }}, so `{wrong.path[-1]}` is read as a key",
        "Put the text in quotes",
        corrected,
    )


def _wrong_kind(wrong: Wrong) -> Said:
    wanted, written = _WANTED[wrong.kind], wrong.spot.value
    as_text = wrong.kind == "string_type"
    if shape_at(wrong.model, wrong.path) is Text:
        wanted, as_text = "a text, or {en: ..., da: ...}", True
    if not _standing(written):
        return f"{wrong.called} is empty", f"Write {wanted}, or delete the line", None
    corrected = None
    if isinstance(written, yaml.ScalarNode):
        as_written = wrong.source.written(written)
        if as_text:
            corrected = wrong.source.rewritten(written, f'"{as_written}"')
        elif wrong.kind == "tuple_type" and as_written:
            corrected = wrong.source.rewritten(written, f"[{as_written}]")
    remedy = "Put it in quotes" if as_text and corrected else f"Write {wanted}"
    return f"{wrong.called} must be {wanted}, and is {_is(written)}", remedy, corrected


def _standing(node: yaml.Node) -> bool:
    return not isinstance(node, yaml.ScalarNode) or bool(node.value or node.style)


def _is(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if (
        not isinstance(node, yaml.ScalarNode)
        or node.style
        or not re.fullmatch(r"[-+.\d].*|true|false", node.value, re.IGNORECASE)
    ):
        return "a text"
    return "yes or no" if node.value.lower() in {"true", "false"} else "a number"


def _not_one_of(wrong: Wrong) -> Said:
    choices = quoted(wrong.context.get("expected", ""))
    written = wrong.spot.value.value if isinstance(wrong.spot.value, yaml.ScalarNode) else ""
    meant = nearest(written, choices)
    corrected = wrong.source.rewritten(wrong.spot.value, meant) if meant else None
    problem = f"{wrong.called} is not one of {', '.join(choices)}"
    return problem, f"Write `{meant}`" if meant else "Use one of these", corrected


def _no_variant(wrong: Wrong) -> Said:
    """Say that the key which tells what kind of entry this is has no such kind, or is not there."""
    key = quoted(wrong.context["discriminator"])[-1]
    choices = quoted(wrong.context.get("expected_tags", ""))
    written = wrong.spot.value
    if not choices or not isinstance(written, yaml.ScalarNode):
        return f"{wrong.called} has no `{key}` that tells what it is", f"Add `{key}: ...`", None
    meant = nearest(written.value, choices)
    corrected = wrong.source.rewritten(written, meant) if meant else None
    problem = f"`{key}` is not one of {', '.join(choices)}"
    return problem, f"Write `{meant}`" if meant else "Use one of these", corrected


def _pattern(wrong: Wrong) -> Said:
    pattern = wrong.context.get("pattern")
    node = wrong.spot.key if wrong.about_key else wrong.spot.value
    written = str(getattr(node, "value", ""))
    if pattern == SECRET_PATTERN:
        key = str(wrong.path[-1]).upper().replace("-", "_")
        corrected = wrong.source.rewritten(wrong.spot.value, f"env:{key}")
        remedy = "Write where it is kept: env:NAME, file:/path, keyring:service/name or vault:path#key"
        return f"{wrong.called} must say where the secret is kept, and never the secret", remedy, corrected
    fits = as_name(written, "-" if pattern == NAME_PATTERN else "_")
    letters = "lower-case letters, digits and " + ("hyphens" if pattern == NAME_PATTERN else "underscores")
    corrected = wrong.source.rewritten(node, fits) if fits and node is not None else None
    return f"`{written}` is no name: names have {letters} only", f"Write `{fits or '...'}`", corrected


def _value(wrong: Wrong) -> Said:
    problem = str(wrong.context.get("error", wrong.message))
    written = wrong.spot.value
    if (
        isinstance(written, yaml.ScalarNode)
        and "is not a duration" in problem
        and (meant := _duration_in(written.value))
    ):
        return problem, f"Write `{meant}`", wrong.source.rewritten(written, meant)
    remedy = "Write it with its unit: 30s, 15m, 1h30m" if "is not a duration" in problem else "Correct it"
    return problem, remedy, None


def _duration_in(text: str) -> str | None:
    """Return the duration that `15 min`, `2 hours` or `3 dage` means."""
    match = re.fullmatch(
        r"(\d+)\s*(sec\w*|sek\w*|s|min\w*|m|h\w*|t|time\w*|d\w*)\.?", text.strip(), re.IGNORECASE
    )
    return match and match[1] + {"t": "h"}.get(match[2][0].lower(), match[2][0].lower())


def _range(wrong: Wrong) -> Said:
    limit = next(iter(wrong.context.values()), "")
    words = {
        "greater_than": f"greater than {limit}",
        "greater_than_equal": f"at least {limit}",
        "less_than": f"less than {limit}",
        "less_than_equal": f"at most {limit}",
    }[wrong.kind]
    return f"{wrong.called} must be {words}", f"Write a value that is {words}", None


def _length(wrong: Wrong) -> Said:
    if wrong.kind == "too_short":
        return f"{wrong.called} has too few entries", "Add one", None
    return f"{wrong.called} has too many entries", f"It takes {_count(wrong)}", None


def _date(wrong: Wrong) -> Said:
    return f"{wrong.called} is no date", "Write it as year-month-day, e.g. 2026-10-01", None


def _otherwise(wrong: Wrong) -> Said:
    return f"{wrong.called}: {wrong.message[:1].lower()}{wrong.message[1:]}", "Correct it", None


_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "finite_number": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping (`name: value`)",
    "model_type": "a mapping (`name: value`)",
    "tuple_type": "a list (`[one, other]`)",
    "list_type": "a list (`[one, other]`)",
}
_RANGES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_DATES = ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")
_SAID: Mapping[str, Callable[[Wrong], Said]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_one_of,
    "union_tag_invalid": _no_variant,
    "union_tag_not_found": _no_variant,
    "string_pattern_mismatch": _pattern,
    "value_error": _value,
    "too_short": _length,
    "too_long": _length,
    **dict.fromkeys(_WANTED, _wrong_kind),
    **dict.fromkeys(_RANGES, _range),
    **dict.fromkeys(_DATES, _date),
}
