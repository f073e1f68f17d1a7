"""No silent green: a test that was skipped is a test that failed."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.own_folders import a_lab_folder, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from drills.lab.layout import LabLayout
    from tests.browser import Browser

gc.disable()  # until all tests are gathered: hardly anything of it is garbage

settings.register_profile("seawall", deadline=None)  # a busy machine is no failure
settings.register_profile("quick", deadline=None, max_examples=10)  # `make`; `make test` looks harder
settings.load_profile("seawall")

GOLDEN = Path(__file__).parent / "golden"

# Whose yes counts, and whose key signs, is what a test says, and not what this machine has.
for _name in ("SEAWALL_TRUST", "SEAWALL_KEY", "SSH_AUTH_SOCK"):
    os.environ.pop(_name, None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a script, where Ctrl-C is ignored; the programs that tests press it at inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _refuse_skip(report: pytest.CollectReport | pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{why}\nNothing is skipped here: make what the test needs, or deselect it by its marker."
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def pytest_configure() -> None:
    """Let the tests' folders lie in memory where they can."""
    if there := memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(there))


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the file of that name in tests/golden; `make golden` writes it anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("SEAWALL_GOLDEN") == "rewrite":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; `make golden` rewrites it"

    return compare


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs the lab or a browser, so that `-m "not lab"` leaves it out wherever it stands."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if {"lab", "own_lab"} & fixtures:
            item.add_marker(pytest.mark.lab)
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)


def pytest_collection_finish() -> None:
    """Keep the collector from what lives to the end anyway: going through it took a tenth of the fast tests' time.

    Every test makes and drops many small objects: it went through the others 8,000 times meanwhile.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@contextlib.contextmanager
def a_lab(**different: Any) -> Iterator[LabLayout]:
    """Bring up a lab of its own, as `lab_up` is told, and take it down again."""
    from drills.lab.up import lab_up

    with a_lab_folder() as folder:
        yield lab_up(folder, tell=print, **different)


@pytest.fixture(scope="session")
def lab() -> Iterator[LabLayout]:
    """The lab, brought up when the first test asks for it. Leave it whole: everybody uses the same one."""
    with a_lab() as layout:
        yield layout


@pytest.fixture(scope="module")
def own_lab() -> Iterator[LabLayout]:
    """A lab for one module, which may break it."""
    with a_lab() as layout:
        yield layout


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window, started when the first test asks for it."""
    from tests.browser import a_browser

    with a_browser() as running:
        yield running
