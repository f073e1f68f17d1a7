"""A city's schedules: what it may change, what Prefect makes of them, and what counts as having run."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flows.deploying import wanted_deployments
from flows.schedules import city_schedules, standings
from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.journal import Ended, Outcome
from seawall.loading import load_inventory
from seawall.model import Text
from seawall.plan import Plan
from seawall.run_folder import create_run
from seawall.schedules import Kept, Schedule, next_dues
from seawall.serve_folder import ServeFolder
from seawall.settings import Settings, load_settings
from tests.examples import examples
from tests.flows.conftest import ROOT

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

REFERENCE = ROOT / "drills" / "city"
HOME = ZoneInfo("Europe/Copenhagen")
EVENING = datetime(2026, 11, 21, 20, tzinfo=UTC)
MORNING = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    shutil.copytree(REFERENCE, folder)
    return folder


def of(city: Path, schedules: str = "") -> tuple[Settings, Inventory]:
    (city / "seawall.yaml").write_text(schedules and f"schedules:\n{schedules}", encoding="utf-8")
    return load_settings(city, {}), load_inventory(city)


def told(schedules: Sequence[Schedule]) -> list[str]:
    return [f"{one.name}: {one.flow} {one.cron} {dict(one.given)}" for one in schedules]


MINUTES = st.one_of(st.integers(0, 59).map(str), st.sampled_from(["*/15", "*/7", "0,30", "5-50/20"]))
HOURS = st.one_of(st.integers(0, 23).map(str), st.sampled_from(["*", "1-3", "1,2,3", "*/2"]))
DAYS = st.sampled_from(["*", "28", "25,28", "22-31"])
WEEKDAYS = st.sampled_from(["*", "0", "2", "6,0", "1-5"])
CRONS = st.tuples(MINUTES, HOURS, DAYS, st.just("*"), WEEKDAYS).map(" ".join)
YEARS_AND_CHANGES = [
    (2026, 3, 29),
    (2026, 10, 25),
    (2027, 3, 28),
    (2027, 10, 31),
    (2028, 3, 26),
    (2028, 10, 29),
]


@pytest.mark.slow  # Prefect takes its time over each
@examples(150)
@given(CRONS, st.sampled_from(YEARS_AND_CHANGES), st.integers(0, 47))
def test_what_is_due_is_what_prefect_starts_also_when_the_clock_is_changed(
    cron: str, change: tuple[int, int, int], hours: int
) -> None:
    from prefect.server.schemas.schedules import CronSchedule

    start = datetime(*change, tzinfo=HOME).astimezone(UTC) - timedelta(hours=24) + timedelta(hours=hours)
    end = start + timedelta(days=2)
    one = Schedule(name="n", flow="drill", cron=cron, timezone="Europe/Copenhagen")
    theirs = asyncio.run(
        CronSchedule(cron=cron, timezone="Europe/Copenhagen").get_dates(n=400, start=start, end=end)
    )

    ours = [at for at in next_dues(one, start - timedelta(seconds=1), 400) if at <= end]

    # Asked from the very instant of the change on, Prefect also gives the one just before it.
    due = {datetime.fromtimestamp(at.timestamp(), UTC) for at in theirs}
    assert ours == sorted(at for at in due if at >= start)


def test_a_city_that_says_nothing_has_the_schedules_of_prefect_yaml(city: Path) -> None:
    assert told(city_schedules(*of(city))) == [
        "nightly: verify-backups 30 2 * * * {}",
        "weekly: drill 0 10 * * 2 {'scenario': 'lose-a-site'}",
    ]


def test_a_city_changes_an_hour_turns_one_off_and_adds_one_of_its_own(city: Path) -> None:
    said = """\
  nightly: {cron: "15 4 * * *", grace: 6h}
  weekly: off
  monthly-move: {flow: drill, cron: "0 9 1 * *", with: {scenario: planned-move}}
"""
    schedules = city_schedules(*of(city, said))

    assert told(schedules) == [
        "monthly-move: drill 0 9 1 * * {'scenario': 'planned-move'}",
        "nightly: verify-backups 15 4 * * * {}",
    ]
    assert [one.timezone for one in schedules] == ["Europe/Copenhagen"] * 2
    assert schedules[1].grace == timedelta(hours=6)


def test_prefect_is_given_the_citys_schedules_and_everything_else_as_it_is(city: Path) -> None:
    given_ = wanted_deployments(city_schedules(*of(city, '  nightly: {cron: "15 4 * * *"}\n  weekly: off\n')))
    product = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))

    scheduled = {one["entrypoint"]: one.pop("schedules") for one in given_["deployments"]}
    for one in product["deployments"]:
        one.pop("schedules", None)
    assert given_ == product
    assert scheduled["flows.verify_backups.verify_backups"] == [
        {"cron": "15 4 * * *", "timezone": "Europe/Copenhagen", "slug": "nightly", "parameters": {}}
    ]
    assert not any(each for name, each in scheduled.items() if "verify" not in name)


def test_every_mistake_in_a_citys_schedules_is_told_at_once(city: Path) -> None:
    said = """\
  nightlyy: off
  mine: {cron: "0 9 1 * *"}
  move: {flow: drill, cron: "0 9 1 * *"}
  nightly: {with: {backup: login-nigthly, colour: red}}
"""
    with pytest.raises(BadInput) as refused:
        city_schedules(*of(city, said))

    assert "\n".join(str(one).removeprefix("seawall.yaml, schedules.") for one in refused.value.mistakes) == (
        "nightlyy: there is no such schedule to turn off. Write nightly if that is what you mean.\n"
        "mine: is no schedule that comes with Seawall, and is not whole. "
        "Use one that is there (nightly, weekly), or give this one both `flow` and `cron`.\n"
        "nightly: verify-backups takes no `colour`. Give it `backup` alone.\n"
        "nightly: there is no backup set login-nigthly. Write login-nightly if that is what you mean.\n"
        "move: a drill needs a scenario. Add  with: {scenario: lose-a-site}."
    )


def test_a_time_that_is_none_is_told_with_its_line(city: Path) -> None:
    with pytest.raises(BadInput) as refused:
        of(city, '  nightly: {cron: "30 26 * * *"}\n')

    assert str(refused.value).startswith("seawall.yaml:2:")
    assert "bad hour" in str(refused.value)


def a_verification(
    runs: Path, began: datetime, *, outcome: Outcome | None = Outcome.DONE, backup: str = "login-nightly"
) -> str:
    plan = Plan(
        city="havnby",
        runbook="verify-backup",
        title=Text(en="Verify"),
        why=Text(en="To know"),
        exercise=False,
        parameters={"backup": backup},
        confirm=backup,
        claims=(),
        steps=(),
    )
    run = create_run(runs, plan, by="anna", version="1", now=began)
    if outcome is not None:
        with run.journal() as journal:
            journal.append([Ended(at=began + timedelta(minutes=3), outcome=outcome, left=())])
    return run.id


def kept(city: Path, now: datetime, **more: str) -> dict[str, str]:
    settings, inventory = of(city, more.get("schedules", ""))
    return {one.schedule.name: one.kept.value for one in standings(settings, inventory, now)}


@pytest.fixture
def served(city: Path) -> Path:
    """The city, with schedules kept since the evening."""
    folder = ServeFolder.of(city)
    folder.make()
    folder.keep(city_schedules(*of(city)), EVENING)
    return city


def test_what_runs_is_read_from_journals_and_not_from_prefect(served: Path) -> None:
    assert kept(served, EVENING + timedelta(hours=1)) == {"nightly": "not yet due", "weekly": "not yet due"}
    assert kept(served, MORNING) == {"nightly": "overdue", "weekly": "not yet due"}

    a_verification(served / "runs", MORNING - timedelta(hours=1))

    assert kept(served, MORNING) == {"nightly": "on time", "weekly": "not yet due"}


def test_a_verification_that_was_interrupted_did_not_run(served: Path) -> None:
    a_verification(served / "runs", datetime(2026, 11, 22, 1, 30, tzinfo=UTC), outcome=None)

    assert kept(served, MORNING)["nightly"] == "overdue"


def test_each_backup_set_must_have_been_verified(served: Path) -> None:
    backups = served / "inventory" / "backups.yaml"
    whole = yaml.safe_load(backups.read_text(encoding="utf-8"))
    whole["backups"]["login-weekly"] = whole["backups"]["login-nightly"]
    backups.write_text(yaml.safe_dump(whole), encoding="utf-8")
    a_verification(served / "runs", datetime(2026, 11, 22, 1, 30, tzinfo=UTC))

    (nightly, _) = standings(*of(served), MORNING)

    assert nightly.kept is Kept.OVERDUE
    assert nightly.last is not None
    assert nightly.last.what == "login-weekly"


def test_a_verification_that_did_not_hold_has_run_and_is_not_well(served: Path) -> None:
    run = a_verification(served / "runs", datetime(2026, 11, 22, 1, 30, tzinfo=UTC), outcome=Outcome.FAILED)

    (nightly, _) = standings(*of(served), MORNING)

    assert nightly.kept is Kept.ON_TIME
    assert nightly.last is not None
    assert (nightly.last.what, nightly.last.well) == (run, False)


def test_a_drill_that_was_broken_off_was_not_held(served: Path) -> None:
    tuesday = datetime(2026, 11, 24, 14, tzinfo=UTC)
    folder = served / "drills" / "2026-11-24-090001-lose-a-site"
    folder.mkdir(parents=True)
    assert kept(served, tuesday)["weekly"] == "overdue"

    card = {
        "scenario": "lose-a-site",
        "began": "2026-11-24T09:00:20Z",
        "ended": "2026-11-24T09:00:50Z",
        "verdict": {"kind": "late"},
    }
    (folder / "drill.json").write_text(json.dumps(card), encoding="utf-8")

    (_, weekly) = standings(*of(served), tuesday)
    assert weekly.kept is Kept.ON_TIME
    assert weekly.last is not None
    assert weekly.last.well is False


def test_a_schedule_whose_hour_was_changed_is_kept_anew(served: Path) -> None:
    folder = ServeFolder.of(served)
    changed = city_schedules(*of(served, '  nightly: {cron: "0 1 * * *"}\n'))
    folder.keep(changed, MORNING)

    assert folder.kept_since() == {"nightly": MORNING, "weekly": EVENING}


def test_what_was_never_installed_is_kept_by_nobody(city: Path) -> None:
    assert kept(city, MORNING) == {"nightly": "kept by nobody", "weekly": "kept by nobody"}


def begun(due: datetime) -> FlowRun:
    from prefect.client.schemas.objects import FlowRun

    flow = "00000000-0000-0000-0000-000000000001"
    return FlowRun.model_validate(
        {"name": "n", "flow_id": flow, "expected_start_time": due, "auto_scheduled": True}
    )


@pytest.mark.slow  # Prefect takes two seconds to load
def test_of_all_that_was_missed_while_nobody_was_there_only_what_is_due_now_begins() -> None:
    from flows.its_turn import BEGINS_WITHIN, too_late

    hourly = Schedule(name="n", flow="drill", cron="*/5 * * * *", timezone="Europe/Copenhagen")
    now = MORNING + BEGINS_WITHIN
    missed = [MORNING - timedelta(minutes=5 * n) for n in range(12)]

    left = [due for due in missed if too_late(begun(due), [hourly], now) is None]

    assert left == [MORNING]


@pytest.mark.slow  # the same
def test_a_nightly_run_begins_a_little_late_but_never_in_the_morning() -> None:
    from flows.its_turn import LATE, too_late

    nightly = Schedule(name="n", flow="verify-backups", cron="30 2 * * *", timezone="Europe/Copenhagen")
    due = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)

    assert too_late(begun(due), [nightly], due + LATE) is None
    state = too_late(begun(due), [nightly], due + LATE + timedelta(seconds=1))
    assert state is not None
    assert (state.type.value, state.name) == ("CANCELLED", "Missed")


@pytest.mark.slow  # the same
def test_a_run_that_the_worker_begins_as_fast_as_it_can_is_not_too_late_for_a_schedule_of_a_minute() -> None:
    from flows.its_turn import BEGINS_WITHIN, too_late

    each_minute = Schedule(name="n", flow="drill", cron="* * * * *", timezone="Europe/Copenhagen")

    assert too_late(begun(MORNING), [each_minute], MORNING + BEGINS_WITHIN) is None
