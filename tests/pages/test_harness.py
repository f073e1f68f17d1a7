"""The judge is worth nothing unless it condemns: each kind of fault that pages are held against is seen once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import Browser, faults_of

GOOD = """<!doctype html><html lang="da"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Side</title><style>body {{ {style} }}</style>
</head><body><main><h1>Side</h1>{body}</main></body></html>
"""


def page(folder: Path, body: str = "<p>Tekst</p>", style: str = "") -> Path:
    path = folder / "page.html"
    path.write_text(GOOD.format(body=body, style=style), encoding="utf-8")
    return path


def test_a_page_without_faults_has_none(browser: Browser, tmp_path):
    assert faults_of(browser, page(tmp_path)) == []


@pytest.mark.parametrize(
    ("body", "style", "fault"),
    [
        ("<img src='data:,'>", "", "image-alt"),
        ("<p style='color: #aaa; background: #fff'>Grå</p>", "", "color-contrast"),
        (
            "<p>Mørk</p>",
            "} @media (prefers-color-scheme: dark) { p { color: #444; background: #222 }",
            "dark, screen",
        ),
        (
            "<p>Papir</p>",
            "} @media print { p { color: #ddd; background: #fff }",
            "light, print: color-contrast",
        ),
        ("<h4>For dybt</h4>", "", "heading-order"),
        ("<table><tr><th></th></tr><tr><td>1</td></tr></table>", "", "empty-table-header"),
        ("<p style='width: 40rem'>Bred</p>", "", "320 px, light, screen: it is"),
        ("<script>null.x</script>", "", "the page complains"),
    ],
)
def test_a_fault_is_found(browser: Browser, tmp_path, body, style, fault):
    faults = faults_of(browser, page(tmp_path, body, style))
    assert any(fault in one for one in faults), faults


def test_a_page_that_does_not_say_its_language_is_found(browser: Browser, tmp_path):
    path = page(tmp_path)
    path.write_text(path.read_text().replace(' lang="da"', ""))
    assert any("html-has-lang" in one for one in faults_of(browser, path))
