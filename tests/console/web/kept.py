"""A city with a history: runs that ended in every way, runs that wait or were left, drills, and what cannot be read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import drills
from drills.scorecard import Scorecard
from seawall.journal import Approved, Ended, Event, Outcome
from seawall.model import Text
from seawall.plan import Plan
from seawall.run_folder import RunFolder, create_run
from tests.drills import cards
from tests.seawall.report import stories

SCRIPT = "<script>alert('planted')</script>"
COPENHAGEN = timedelta(hours=1)
"""What is added to a run's time for its name, which carries local time."""


def make_place(folder: Path) -> Path:
    """Make a city in which nothing has happened."""
    shutil.copytree(Path(drills.__file__).parent / "city", folder)
    return folder


def keep_run(
    city: Path,
    story: Callable[[Plan], Sequence[Event]],
    *,
    exercise: bool = False,
    later: timedelta = timedelta(),
    plan: Plan | None = None,
) -> RunFolder:
    """Keep a run in the city that went like a story, begun so much later."""
    planned = plan or stories.move(exercise=exercise)
    first, *rest = story(planned)
    run = create_run(city / "runs", planned, by="anna", version="0.1.0", now=first.at + later)
    named = run.runs / run.id.replace(
        f"{first.at + later:%Y-%m-%d-%H%M}", f"{first.at + later + COPENHAGEN:%Y-%m-%d-%H%M}"
    )
    if rest:
        with run.journal("anna") as journal:
            journal.append([_later(one, later) for one in rest])
    run.path.rename(named)
    return RunFolder(run.runs, named.name)


def _later(event: Event, by: timedelta) -> Event:
    times = {name: getattr(event, name) + by for name in ("at", "until", "looked_at") if hasattr(event, name)}
    return event.model_copy(update=times)


def keep_drill(city: Path, hold: Callable[[Path], Scorecard], name: str) -> Path:
    """Keep a drill in the city, under a name as drills have it."""
    made = hold(city / "held")
    folder = city / "drills" / name
    folder.parent.mkdir(exist_ok=True)
    (city / "held" / made.drill).rename(folder)
    return folder


def not_begun(plan: Plan) -> Sequence[Event]:
    return [stories.opened(plan)]


def waiting(plan: Plan) -> Sequence[Event]:
    return stories.up_to_the_fence(plan)[:4]


def with_a_script(plan: Plan) -> Sequence[Event]:
    """Tell a run in which somebody, or some host, wrote a script wherever words can be written."""
    events: list[Event] = []
    for event in stories.went_well(plan):
        changed: dict[str, Any] = {
            name: SCRIPT
            for name in ("why", "summary", "because", "problem", "remedy", "where", "how")
            if hasattr(event, name)
        }
        events.append(event.model_copy(update=changed))
    return events


def planted() -> Plan:
    """Make a plan whose every text is a script."""
    plan = stories.move()
    text = Text(en=SCRIPT, da=SCRIPT)
    steps = tuple(step.model_copy(update={"does": text}) for step in plan.steps)
    changed = {"title": text, "why": text, "steps": steps, "parameters": {**plan.parameters, "note": SCRIPT}}
    return plan.model_copy(update=changed)


def lay_aside(run: RunFolder, by: str, why: str) -> None:
    """Put aside what somebody laid into a run's inbox, as whoever drives it does: a yes, and a file that is none."""
    folder = run.inbox_path / "refused"
    folder.mkdir(parents=True)
    yes = Approved(at=stories.at(9), step="fence", by=by, how="typed")
    for name, content, reason in (
        ("1.json", yes.model_dump_json(), why),
        ("2.json", SCRIPT, f"it is no word: {SCRIPT}"),
    ):
        (folder / name).write_text(content)
        (folder / f"{name}.why.txt").write_text(reason)


def refused(plan: Plan) -> Sequence[Event]:
    return [stories.opened(plan), Ended(at=stories.at(1), outcome=Outcome.REFUSED)]


def make_history(folder: Path) -> dict[str, str]:
    """Make a city with one of everything; return the names of runs and drills by what they are."""
    city = make_place(folder)
    hour = timedelta(hours=3)
    runs = {
        "went-well": keep_run(city, stories.went_well),
        "aborted": keep_run(city, stories.aborted, exercise=True, later=hour),
        "interrupted": keep_run(city, stories.in_doubt, later=2 * hour),
        "not-begun": keep_run(city, not_begun, exercise=True, later=3 * hour),
        "refused": keep_run(city, refused, later=4 * hour),
        "script": keep_run(city, with_a_script, plan=planted(), later=5 * hour),
        "torn": keep_run(city, stories.went_well, later=6 * hour),
        "tampered": keep_run(city, stories.went_well, later=7 * hour),
        "waiting": keep_run(city, waiting, later=8 * hour),
    }
    lay_aside(runs["waiting"], "gail", "gail is not incident-commander, who must approve fence")
    lay_aside(runs["script"], SCRIPT, SCRIPT)
    runs["torn"].journal_path.write_text("not a journal\n")
    journal = runs["tampered"].journal_path
    journal.write_text(journal.read_text().replace("spoke to Mette", "spoke to nobody"))
    names = {name: run.id for name, run in runs.items()}
    for hold in cards.ALL:
        name = f"2026-11-20-{1200 + cards.ALL.index(hold)}00-lose-a-site"
        names[f"drill-{hold.__name__}"] = keep_drill(city, hold, name).name
    unread = keep_drill(city, cards.passed, "2026-11-20-130000-lose-a-site")
    (unread / "drill.json").write_text("{}")
    going_on = keep_drill(city, cards.passed, "2026-11-20-140000-lose-a-site")
    (going_on / "drill.json").unlink()
    shutil.rmtree(city / "held")
    return {**names, "drill-unread": unread.name, "drill-going-on": going_on.name}
