"""How long the history of runs takes to be made at the server, among few runs and many; and the page of one run.

Real requests over a connection that stays open, to the console as it is served. Beside it: a page that reads no file.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.shape import Budget, Measured, Samples, ratio
from console.terminal.init import make_city
from console.web.serving import archive_of, make_server, open_socket
from seawall.actions import Effect
from seawall.journal import FIRST, Asked, Ended, Event, Opened, Outcome, Started, Succeeded, line_for
from seawall.model import Text
from seawall.plan import Plan, PlannedStep, canonical
from seawall.settings import load_settings

ROUNDS, FIRST_TIMES = 25, 7
SIZES = (100, 1_000, 10_000)
PROMISED_AT = 1_000
"""How many runs the budget speaks of."""
STEPS = 14
APART = timedelta(minutes=37)
START = datetime(2026, 1, 1, tzinfo=UTC)
FILTERED = "/da/?service=login&ended=well"

Ask = Callable[[str], str]


def run() -> Measured:
    """Measure each page, in turn."""
    values: dict[str, list[float]] = {}
    budgeted = []
    with TemporaryDirectory(prefix="seawall-") as temporary:
        for size in SIZES:
            city = _city(Path(temporary) / f"city-{size}", size)
            for _ in range(FIRST_TIMES):
                with _served(city) as ask:
                    ask("/alive")
                    values.setdefault(f"history, {size} runs, read the first time", []).append(
                        _timed(ask, "/da/")
                    )
            with _served(city) as ask:
                pages = {f"{name}, {size} runs": path for name, path in _pages(ask).items()}
                for path in pages.values():
                    ask(path)
                for _ in range(ROUNDS):
                    for name, path in pages.items():
                        values.setdefault(name, []).append(_timed(ask, path))
            if size == PROMISED_AT:
                budgeted = [
                    name for name in values if name.endswith(f"{size} runs") or f"{size} runs," in name
                ]
    samples = {name: Samples(of=name, unit="ms", values=tuple(one)) for name, one in values.items()}
    small, promised, large = (samples[f"history, {size} runs"] for size in SIZES)
    plain = samples[f"a page that reads no file, {PROMISED_AT} runs"]
    return Measured(
        question="How long does a page of the console take at the server?",
        samples=tuple(samples.values()),
        ratios=(ratio(promised, small), ratio(large, promised), ratio(promised, plain)),
        budgets=tuple(
            Budget(of=f"{name}, milliseconds", at_most=50, is_now=samples[name].median)
            for name in budgeted
            if samples[name] is not plain
        ),
        beside="Beside it: a page that reads no file. Each as a reader's browser asks for it, on one connection.",
    )


def _pages(ask: Ask) -> dict[str, str]:
    newest = re.findall(r'href="(/da/runs/[^"]+)"', ask("/da/"))[0]
    address = "/da/"
    for _ in range(3):
        found = re.search(r'href="(/da/\?[^"]*)" rel="next"', ask(address))
        address = found[1].replace("&amp;", "&") if found else address
    return {
        "a page that reads no file": "/alive",
        "history": "/da/",
        "history, its fourth page": address,
        "history, filtered": FILTERED,
        f"a run of {STEPS} steps": newest,
    }


def _timed(ask: Ask, path: str) -> float:
    began = time.perf_counter()
    ask(path)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _served(city: Path) -> Iterator[Ask]:
    """Serve a city that nothing is remembered of."""
    with open_socket("127.0.0.1", 0) as listening:
        settings = load_settings(city)
        server = make_server(settings, archive_of(settings), listening, host="127.0.0.1", version="bench")
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        line = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=60)

        def ask(path: str) -> str:
            line.request("GET", path)
            answer = line.getresponse()
            content = answer.read().decode()
            if answer.status != 200:
                message = f"{path} was answered with {answer.status}"
                raise RuntimeError(message)
            return content

        try:
            yield ask
        finally:
            line.close()
            server.should_exit = True
            thread.join()


def _city(folder: Path, size: int) -> Path:
    make_city(folder)
    (folder / "runs").mkdir(exist_ok=True)
    plan = Plan(
        city="havnby",
        runbook="postgres-failover",
        title=Text(en="Move Login to South Hall", da="Flyt Log ind til Sydhallen"),
        why=Text(en="The site is lost.", da="Stedet er tabt."),
        exercise=False,
        parameters={"service": "login", "to": "south"},
        confirm="login",
        claims=("service:login",),
        steps=tuple(
            PlannedStep(
                id=f"step-{n}",
                does=Text(en=f"Thing {n} that a failover does", da=f"Ting {n}, en flytning gør"),
                uses="postgres.standby-state",
                effect=Effect.READS,
                within=timedelta(seconds=20),
            )
            for n in range(STEPS)
        ),
    )
    content = canonical(plan.model_dump(mode="json"))
    for n in range(size):
        at = START + n * APART
        run = folder / "runs" / f"{at:%Y-%m-%d-%H%M}-postgres-failover-k3"
        run.mkdir()
        (run / "plan.json").write_bytes(content)
        (run / "journal.jsonl").write_bytes(_journal(_events(plan, run.name, at)))
    return folder


def _journal(events: list[Event]) -> bytes:
    lines, last = [], FIRST
    for n, event in enumerate(events, 1):
        line = line_for(event, n=n, prev=last)
        lines.append(line.model_dump_json().encode() + b"\n")
        last = line.hash
    return b"".join(lines)


def _events(plan: Plan, run: str, at: datetime) -> list[Event]:
    events: list[Event] = [
        Opened(
            at=at,
            run=run,
            plan=plan.digest,
            runbook=plan.runbook,
            title=plan.title,
            exercise=False,
            by="anna",
            version="bench",
        )
    ]
    for n, step in enumerate(plan.steps):
        began = at + timedelta(seconds=n)
        if n == STEPS // 2:
            asked = Asked(
                at=began, step=step.id, what="approval", of="incident-commander", until=began + APART
            )
            events.append(asked)
        events.append(Started(at=began, step=step.id, attempt=1, until=began + step.within))
        ended = began + timedelta(milliseconds=300)
        events.append(Succeeded(at=ended, step=step.id, attempt=1, seen={"lag": n}, summary=f"lag {n}"))
    return [*events, Ended(at=at + timedelta(seconds=STEPS), outcome=Outcome.DONE)]
