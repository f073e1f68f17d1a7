"""Jinja2 in runbooks and messages, looked at without rendering it: can it be read, and does it name what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import jinja2
import yaml
from jinja2 import meta, nodes

from seawall.errors import Mistake
from seawall.expressions import parts_of
from seawall.loading.nearest import choose, nearest
from seawall.targets import Host
from seawall.views import AudienceView, BackupView, ServiceView, SiteView
from seawall.yaml_source import Loc, YamlSource

Names = Mapping[str, type | None]
"""What a template may name, and what kind of thing each is; None when that is not known."""

KINDS: Names = {
    "service": ServiceView,
    "site": SiteView,
    "host": Host,
    "backup": BackupView,
    "audience": AudienceView,
}


def template_mistakes(
    source: YamlSource, path: Loc, text: str, names: Names, *, bare: bool = False
) -> Iterator[Mistake]:
    """Find what is wrong with the template at `path`.

    Args:
        source: the file it stands in.
        path: where it stands there.
        text: the template.
        names: what it may name.
        bare: it may be an expression without `{{ }}`.
    """
    if "{{" not in text and "{%" not in text:
        if not bare:
            return
        text = "{{ " + text + " }}"
    try:
        found = list(_wrong_names(source, path, _used(text), names))
    except jinja2.TemplateSyntaxError as error:
        line = f", line {error.lineno} of the text" if "\n" in text.strip() else ""
        problem = f"cannot be read as a template{line}: {(error.message or '').rstrip('.')}"
        yield Mistake(source.where(path), problem, "Correct the expression")
    except (RecursionError, ValueError):  # deeper, or with longer numbers, than Python reads
        yield Mistake(source.where(path), "cannot be read as a template", "Write something simpler")
    else:
        yield from found


@dataclass(frozen=True, slots=True)
class _Used:
    """What a template makes use of."""

    filters: tuple[str, ...]
    tests: tuple[str, ...]
    names: frozenset[str]
    attributes: tuple[tuple[str, str], ...]


def _used(text: str) -> _Used:
    """Find what a template makes use of, expression by expression: a runbook has the same few in most of its texts.

    Raises:
        TemplateSyntaxError: it is no template.
    """
    parts = parts_of(text)
    if parts is None:
        return _parsed(text)
    try:
        found = [_parsed(f"{{{{{part}}}}}") for part in parts[1::2]]
    except jinja2.TemplateSyntaxError:
        return _parsed(
            text
        )  # says on which line; or is no mistake at all, where a word in quotes holds braces
    return _Used(
        filters=tuple(name for one in found for name in one.filters),
        tests=tuple(name for one in found for name in one.tests),
        names=frozenset(name for one in found for name in one.names),
        attributes=tuple(dict.fromkeys(pair for one in found for pair in one.attributes)),
    )


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Used:
    tree = _environment().parse(text)
    filters = tuple(one.name for one in tree.find_all(nodes.Filter))
    tests = tuple(one.name for one in tree.find_all(nodes.Test))
    # Where one of these is unknown, Jinja2 itself looks no further.
    known = set(filters) <= set(_environment().filters) and set(tests) <= set(_environment().tests)
    names = frozenset(meta.find_undeclared_variables(tree)) if known else frozenset()
    return _Used(filters, tests, names, tuple(_attributes(tree)))


def _wrong_names(source: YamlSource, path: Loc, used: _Used, names: Names) -> Iterator[Mistake]:
    environment = _environment()
    for one in used.filters:
        if one not in environment.filters:
            yield _corrected(source, path, f"there is no filter `{one}`", one, environment.filters)
            return
    for one in used.tests:
        if one not in environment.tests:
            yield _corrected(source, path, f"there is no test `is {one}`", one, environment.tests)
            return
    for name in sorted(used.names - set(environment.globals) - set(names)):
        yield _corrected(source, path, f"the template names `{name}`, which there is not", name, names)
    for name, attribute in used.attributes:
        kind = names.get(name)
        if kind is not None and attribute not in (known := _attributes_of(kind)):
            problem = f"the template asks for `{name}.{attribute}`, which there is not"
            yield _corrected(source, path, problem, attribute, known)


def names_passed(text: str) -> set[str]:
    """Return what a template passes by keyword to the messages it asks for: `message('x', from_site=...)`."""
    try:
        tree = _environment().parse(text)
        calls = list(tree.find_all(nodes.Call))
    except (jinja2.TemplateSyntaxError, RecursionError, ValueError):
        return set()  # said by `template_mistakes`
    to_message = (one for one in calls if isinstance(one.node, nodes.Name) and one.node.name == "message")
    return {keyword.key for one in to_message for keyword in one.kwargs}


def templates_in(written: Any, path: Loc) -> Iterator[tuple[Loc, str]]:
    """Find every text in `written`, with its place."""
    if isinstance(written, str):
        yield path, written
    elif isinstance(written, dict):
        for key, value in written.items():
            yield from templates_in(value, (*path, key))
    elif isinstance(written, list):
        for index, value in enumerate(written):
            yield from templates_in(value, (*path, index))


def _corrected(source: YamlSource, path: Loc, problem: str, name: str, known: Iterable[str]) -> Mistake:
    known = sorted(known)
    meant, node, corrected = nearest(name, known), source.spot(path).value, None
    if meant is not None and isinstance(node, yaml.ScalarNode) and node.value.count(name) == 1:
        written = source.written(node)
        corrected = source.rewritten(node, written.replace(name, meant)) if written else None
    return Mistake(source.where(path), problem, choose(name, known), corrected)


def _attributes(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for one in tree.find_all(nodes.Getattr):
        if isinstance(one.node, nodes.Name):
            yield one.node.name, one.attr


def _attributes_of(kind: type) -> frozenset[str]:
    fields = getattr(kind, "model_fields", None) or getattr(kind, "__dataclass_fields__", {})
    methods = (name for name in vars(kind) if not name.startswith("_"))
    return frozenset((*fields, *methods)) - {"inventory"}


@cache
def _environment() -> jinja2.Environment:
    # Read as it is rendered (`seawall.expressions`), by the lexer that is made for that.
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - nothing is rendered
