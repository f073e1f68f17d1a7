"""Jinja2 for runbooks and messages: sandboxed, strict about unknown names, and giving back values, not only words.

What comes from outside (alerts, hosts, people) is never rendered; only what authors of runbooks and messages wrote is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seawall.model import Language, Text

_WHOLE = re.compile(r"^\s*\{\{(?P<inner>(?:(?!\}\}).)*)\}\}\s*$", re.DOTALL)


class ExpressionError(ValueError):
    """An expression cannot be read or names what is not there; the words say which."""


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
    except (jinja2.TemplateError, SecurityError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise ExpressionError(_said(error)) from error
    if isinstance(value, jinja2.Undefined):
        raise ExpressionError(_undefined(value))
    return value


def words(text: str, names: Mapping[str, Any], language: Language) -> str:
    """Render `text` in a language: every Text in it reads in that language."""
    if "{" not in text:
        return text
    try:
        return _template(text, language).render(**names)
    except (jinja2.TemplateError, SecurityError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise ExpressionError(_said(error)) from error


def text_in_both(text: Text, names: Mapping[str, Any]) -> Text:
    """Render a Text in each language it has."""
    return Text(en=words(text.en, names, "en"), da=None if text.da is None else words(text.da, names, "da"))


@lru_cache(maxsize=2)
def _environment(language: Language) -> ImmutableSandboxedEnvironment:
    def in_language(value: Any) -> Any:
        return value.in_(language) if isinstance(value, Text) else value

    return ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=in_language,
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
    except jinja2.UndefinedError as error:
        return str(error)
    return "it is not defined"
