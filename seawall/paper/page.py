"""Write a paper as one HTML page that prints on A4 in black and white: no script, nothing loaded."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from seawall.messages import MARK
from seawall.model import Language
from seawall.paper.making import Paper
from seawall.paper.words import DOES, HEADINGS, KINDS, LABELS, SENTENCES, TARGETS
from seawall.report.dates import day_and_hour


def to_paper(paper: Paper, language: Language, zone: Any) -> str:
    """Write the page."""
    plan = paper.plan
    kind = KINDS["exercise" if plan.exercise else "real"].in_(language)
    given = " ".join(f"{name}={value}" for name, value in plan.parameters.items())

    def sentence(key: str, **values: Any) -> str:
        return SENTENCES[key].in_(language).format(**values)

    return _template().render(
        paper=paper,
        plan=plan,
        language=language,
        kind=kind,
        mark=MARK,
        given=given,
        square=Markup(square_code(paper.code)),  # noqa: S704 - drawn here, of digits and our own words
        printed=day_and_hour(paper.made_at, zone, language),
        heading=lambda key, **values: HEADINGS[key].in_(language).format(**values),
        sentence=sentence,
        does=lambda key: DOES[key].in_(language),
        target=lambda key: TARGETS[key].in_(language),
        label=lambda key: LABELS[key].in_(language),
        said=lambda text: text.in_(language),
        typing=f"seawall answer {paper.run or 'RUN'} --from-paper",
        beginning=f"seawall run {plan.runbook} {given}".rstrip(),
        footer=sentence("footer", kind=kind, run=paper.run or plan.runbook, code=paper.short),
    )


def square_code(text: str) -> str:
    """Draw a square code (QR, error correction M: a smudge is survived) as SVG.

    >>> square_code("seawall:-:ab").startswith("<svg")
    True
    """
    import segno  # only a paper needs it

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, svgclass="code", lineclass=None
    )
    return drawn.getvalue().decode().strip()


@cache
def _template() -> jinja2.Template:
    source = files("seawall.paper").joinpath("paper.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
