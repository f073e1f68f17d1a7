"""Rendering a text expression by expression gives what Jinja gives for the whole of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.expressions import ExpressionError, _template, parts_of, words
from seawall.model import Text

NAMES = {
    "site": SimpleNamespace(title=Text(en="South Hall", da="Sydhallen"), name="south"),
    "count": 3,
    "nothing": None,
    "names": ["a", "b"],
    "at": lambda one: f"<{one}>",
}
INNER = st.sampled_from(
    [
        "site.title", " site.name ", "count + 1", "names | join(', ')", "at(site.name)", "nothing", "names",
        "site.title if count > 2 else 'x'", "'}'", "'{'", "count, count", "- count", "count -", "+ count", "",
        "unknown", "site.unknown", "unknown.more", "names[7]", "count +", "'{{'", "'}}'", "{'a': 1}", "{'a': {}}",
        "site.title ~ '!'", "unknown | default('none')", "site.__class__",
    ]
)  # fmt: skip
PIECES = INNER.map("{{{{{}}}}}".format) | st.sampled_from(
    [
        "To ",
        "\n",
        "\n\n",
        "{",
        "}",
        "}}",
        "{{",
        "{% if count %}yes{% endif %}",
        "{# not said #}",
        "\r\n",
        "æ",
        " ",
    ]
)


def by_jinja(text, language):
    try:
        return _template(text, language).render(**NAMES)
    except Exception as error:  # noqa: BLE001 - whatever it is, ours must refuse too
        return type(error)


@given(
    st.lists(PIECES, max_size=6).map("".join).filter(lambda text: "{" in text), st.sampled_from(["en", "da"])
)
def test_a_text_says_what_jinja_says(text, language):
    expected = by_jinja(text, language)
    if isinstance(expected, str):
        assert words(text, NAMES, language) == expected
    else:
        with pytest.raises(ExpressionError):
            words(text, NAMES, language)


def test_ordinary_texts_need_no_template_of_their_own():
    text = "Send users to {{ site.title }}, from {{ at(site.name) }}\n"
    assert parts_of(text) == ("Send users to ", " site.title ", ", from ", " at(site.name) ", "")
    assert words(text, NAMES, "da") == "Send users to Sydhallen, from <south>"
