"""Pages are kept beside the runs: whole, up to date, in the right folder; their own faults stay their own."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from seawall.journal import Asked, Ended, Event, Outcome
from seawall.page.keeping import PageOfRun, Pages, publish
from seawall.run_folder import create_run
from tests.connectors.conftest import until
from tests.seawall.page.incident import COPENHAGEN, known, plan_of, whole
from tests.seawall.report.stories import at


@pytest.fixture
def pages(tmp_path):
    notes: list[str] = []
    kept = Pages(
        known(), COPENHAGEN, tmp_path / "runs", tmp_path / "pages", tmp_path / "exercises", notes.append
    )
    return kept, notes


def opened(pages: Pages, plan, second: float = 0):
    return create_run(pages.runs, plan, by="anna", version="0", now=at(second))


def told(run):
    """Return the events of the outage, as they happen in this run."""
    return [
        one.model_copy(update={"run": run.id}) if one.kind == "opened" else one for one in whole(run.plan)
    ]


def test_a_page_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "page.html"
    long = ["a" * 300_000, "b" * 300_000]
    publish(path, long[0])

    def write(n: int) -> None:
        for turn in range(40):
            publish(path, long[(n + turn) % 2])

    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(write, n) for n in range(2)]
        while not all(one.done() for one in writing):
            assert path.read_text() in long
    for one in writing:
        one.result()
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_every_change_reaches_the_page_and_the_index_and_the_letter(pages):
    kept, notes = pages
    run = opened(kept, plan_of())
    events = told(run)
    page = PageOfRun(kept, run.plan, run.id, events[:1], lambda: at(70))
    for event in events[1:]:
        page.saw(event)
    enclosed = page.current()
    assert enclosed is not None
    assert "Log ind: i orden, da vi så efter" in enclosed.html
    assert enclosed.name == f"{run.id}.html"
    page.begin()
    page.end()
    assert "Log ind: i orden, da vi så efter" in (kept.real / page.name).read_text()
    assert (kept.real / "index.html").exists()
    assert notes == []


def test_the_index_shows_what_is_open_and_links_to_what_has_ended(pages):
    kept, _ = pages
    outage = opened(kept, plan_of())
    with outage.journal("anna") as journal:
        journal.append([*told(outage)[1:6]])
    message = opened(kept, plan_of(runbook="notify", parameters={"service": "login"}, claims=()), second=40)
    with message.journal("bo") as journal:
        journal.append([Ended(at=at(80), outcome=Outcome.DONE)])
    with kept.following(
        message, [*told(message)[:1], Ended(at=at(80), outcome=Outcome.DONE)], lambda: at(81)
    ):
        pass
    index = (kept.real / "index.html").read_text()
    assert "Log ind: regn med, at det ikke virker" in index
    assert f'href="{message.id}.html"' in index
    assert f"kørsel {outage.id}" in index


def test_nightly_work_on_copies_does_not_become_the_index(pages):
    kept, _ = pages
    run = opened(
        kept,
        plan_of(
            runbook="verify-backup", parameters={"backup": "login-nightly"}, claims=("backup:login-nightly",)
        ),
    )
    with kept.following(run, told(run)[:1], lambda: at(1)):
        pass
    assert (kept.real / f"{run.id}.html").exists()
    assert not (kept.real / "index.html").exists()


class SlowToRead(list[Event]):
    """A past that is being read for as long as a test wants."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__(events)
        self.is_read, self.go_on = threading.Event(), threading.Event()

    def __iter__(self):
        self.is_read.set()
        assert self.go_on.wait(30)
        return super().__iter__()


def test_a_run_that_ends_while_its_first_page_is_written_waits_for_no_other(pages):
    kept, notes = pages
    run = opened(kept, plan_of())
    past = SlowToRead(told(run))
    page = PageOfRun(kept, run.plan, run.id, past, lambda: at(70))
    page.begin()
    assert past.is_read.wait(30)
    ending = threading.Thread(target=page.end)
    ending.start()
    until(lambda: not page._events.empty(), "the end was said")
    past.go_on.set()
    ending.join(30)
    assert notes == []


@pytest.mark.slow
def test_a_page_is_written_again_before_its_promise_runs_out(pages):
    kept, _ = pages
    quick = Pages(known(), COPENHAGEN, kept.runs, kept.real, kept.exercises)
    short = type(quick.known)(quick.known.inventory, quick.known.runbooks, timedelta(milliseconds=50))
    run = opened(kept, plan_of())
    clock = iter(range(10_000))
    page = PageOfRun(
        Pages(short, COPENHAGEN, kept.runs, kept.real, kept.exercises),
        run.plan,
        run.id,
        told(run)[:1],
        lambda: at(60 * next(clock)),
    )
    page.begin()
    try:
        path = kept.real / page.name
        seen: set[str] = set()
        for _ in range(600):
            if path.exists():
                seen.update(re.findall(r"Skrevet af Seawall (.*?) \(", path.read_text()))
            if len(seen) > 1:
                break
            threading.Event().wait(0.02)
        assert len(seen) > 1
    finally:
        page.end()


def test_a_fault_of_the_page_itself_is_noted_and_the_letter_leaves_without_it(pages):
    kept, notes = pages
    run = opened(kept, plan_of())
    page = PageOfRun(kept, run.plan, run.id, told(run)[:1], lambda: at(1))
    page.saw(Asked(at=at(2), step="no-such-step", what="doubt", of="operator", until=at(3)))
    assert page.current() is None
    assert len(notes) == 1
