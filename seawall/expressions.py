"""Jinja2 for runbooks and messages: sandboxed, strict about unknown names, and giving back values, not only words.

What comes from outside (alerts, hosts, people) is never rendered; only what authors of runbooks and messages wrote is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import cycle
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seawall.model import Language, Text

_PRINTED = re.compile(r"\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)
_WHOLE = re.compile(r"^\s*\{\{(?P<inner>(?:(?!\}\}).)*)\}\}\s*$", re.DOTALL)


_HAS_NO_VALUE = (
    jinja2.TemplateError,
    SecurityError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
)


class ExpressionError(ValueError):
    """An expression cannot be read or names what is not there; the words say which.

    Its cause is NotWritten when it asks for something that the city's files only do not say yet.
    """


def value_of(text: str, names: Mapping[str, Any]) -> Any:
    """Return the value of `text`: of the expression itself when it is one `{{ ... }}`, else the rendered words.

    Raises:
        ExpressionError: it cannot be read, or names what does not exist.
    """
    whole = _WHOLE.match(text)
    if whole is None:
        return words(text, names, "en")
    return expression(whole["inner"], names)


def expression(text: str, names: Mapping[str, Any]) -> Any:
    """Return the value of one bare expression such as `mode == "planned"`."""
    try:
        value = _compiled(text)(**names)
    except _HAS_NO_VALUE as error:
        raise ExpressionError(_said(error)) from error
    if isinstance(value, jinja2.Undefined):
        raise ExpressionError(_undefined(value))
    return value


def words(text: str, names: Mapping[str, Any], language: Language) -> str:
    """Render `text` in a language: every Text in it reads in that language."""
    if "{" not in text:
        return text
    parts = parts_of(text)
    try:
        if parts is not None:
            return "".join(
                str(_in_language(expression(part, names), language)) if printed else part
                for part, printed in zip(parts, cycle((False, True)))
            )
    except ExpressionError:
        pass  # Jinja says it with a line
    try:
        return _template(text, language).render(**names)
    except _HAS_NO_VALUE as error:
        raise ExpressionError(_said(error)) from error


def text_in_both(text: Text, names: Mapping[str, Any]) -> Text:
    """Render a Text in each language it has."""
    return Text(en=words(text.en, names, "en"), da=None if text.da is None else words(text.da, names, "da"))


@lru_cache(maxsize=4096)
def parts_of(text: str) -> tuple[str, ...] | None:
    """Divide a text into words and what stands in `{{ ... }}`, by turns; None when there is more in it, such as blocks.

    The same few expressions stand in most texts of a runbook. Made ready one by one they cost a third of making every
    text ready as a template of its own, half a millisecond each.
    """
    if "{%" in text or "{#" in text or "\r" in text:
        return None
    # As Jinja does, one line's end at the end of a template is left out.
    parts = _PRINTED.split(text.removesuffix("\n"))
    takes_space_away = any(not one or one[0] in "+-" or one[-1] in "+-" for one in parts[1::2])
    return None if takes_space_away or any("{{" in one for one in parts[::2]) else tuple(parts)


def _in_language(value: Any, language: Language) -> Any:
    return value.in_(language) if isinstance(value, Text) else value


@lru_cache(maxsize=2)
def _environment(language: Language) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=partial(_in_language, language=language),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=4096)
def _template(text: str, language: Language) -> jinja2.Template:
    return _environment(language).from_string(text)


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:
    return _environment("en").compile_expression(text, undefined_to_none=False)


def _said(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error) or type(error).__name__


def _undefined(value: jinja2.Undefined) -> str:
    try:
        str(value)
    except (jinja2.UndefinedError, SecurityError) as error:
        return str(error)
    return "it is not defined"
