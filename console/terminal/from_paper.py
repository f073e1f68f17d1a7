"""Type a paper's results back into the run's journal: step by step at a terminal, or from a CSV file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from console.terminal.at_places import at_places, check_alone
from console.terminal.desk import Desk
from console.terminal.screen import Screen, aside, next_command, out, words
from console.terminal.signing import TYPED, judge, signing_key
from console.terminal.surroundings import operator, surroundings
from seawall.actions import World
from seawall.carrying import held
from seawall.driving import AtPlaces
from seawall.errors import BadInput, JournalError, Mistake, SeawallError
from seawall.files import write_whole
from seawall.ground import choose
from seawall.inventory import Inventory
from seawall.journal import ByHand
from seawall.journal_file import has_ended
from seawall.judging import judge_without_city
from seawall.messages import MARK
from seawall.model import Text
from seawall.paper.code import check_code
from seawall.report.figures import clock
from seawall.run_folder import RunFolder, read_state
from seawall.run_list import find_run
from seawall.signed_words import paper_of
from seawall.state import State
from seawall.statements import signed
from seawall.step_state import OVER, StepState
from seawall.typed_in import Result, check_results, line_mistakes, type_in

COLUMNS = ("step", "result", "time", "by", "approved_by", "note")
RESULTS = ("done", "not-done")
LARGEST = 2 * 2**20
"""Bytes of a CSV file; one of 10,000 steps has about a million."""
_SAYS = {
    "code": Text(
        en="What stands under the square code on the paper?",
        da="Hvad står der under firkantkoden på papiret?",
    ),
    "how": Text(
        en="For each step type `done 03:12 NAME` or `not-done 03:12 NAME`; only Enter leaves it open; `stop` ends.",
        da="Skriv for hvert trin `done 03.12 NAVN` eller `not-done 03.12 NAVN`; kun Enter lader det stå åbent; `stop`"
        " slutter.",
    ),
    "yes": Text(en="Who said yes to it?", da="Hvem sagde ja til det?"),
    "note": Text(en="Noted ({note}):", da="Noteret ({note}):"),
    "nothing": Text(en="Nothing was typed in.", da="Intet blev tastet ind."),
    "kept": Text(
        en="Nothing was written. What you typed is in {file}: mend it, and give it with --file {file}",
        da="Intet blev skrevet. Det, du tastede, står i {file}: ret det, og giv det med --file {file}",
    ),
    "typed": Text(en="Typed in, {count} in all, by {by}:", da="Tastet ind, {count} i alt, af {by}:"),
    "open": Text(en="Still open: {steps}.", da="Stadig åbne: {steps}."),
    "over": Text(en="Nothing is left to do; the run has ended.", da="Intet er tilbage; kørslen er endt."),
}


@dataclass(frozen=True, slots=True)
class _Paper:
    """One paper being typed in: of which run, by whom, and on which clock."""

    run: RunFolder
    state: State
    inventory: Inventory
    zone: tzinfo
    now: datetime
    by: str

    def instant(self, said: str, after: datetime) -> datetime | None:
        """Return the first instant from `after` on at which the city's clock shows `03:12`; None when it is no time."""
        match = re.fullmatch(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d))?", said)
        if match is None:
            try:
                at = datetime.fromisoformat(said)
            except ValueError:
                return None
            return at if at.tzinfo else at.replace(tzinfo=self.zone)
        hour, minute, second = (int(one or 0) for one in match.groups())
        local = after.astimezone(self.zone)
        at = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return at if at >= local - timedelta(minutes=1) else at + timedelta(days=1)

    def opened(self) -> datetime:
        return self.state.opened.at if self.state.opened else self.now


def type_paper_in(
    name: str,
    *,
    who: str | None,
    file: Path | None,
    code: str | None,
    key: Path | None,
    alone: tuple[str, str] | None,
    city: Path | None,
    as_json: bool,
) -> None:
    """Type a paper in. Raises: BadInput with everything wrong in it; Busy while the run is carried out."""
    desk = Desk.at(city)
    run = find_run(desk.runs, name)
    if has_ended(run.journal_path):
        raise BadInput.one("this run has ended", where=f"run {run.id}", remedy=f"See `seawall show {run.id}`")
    by, screen = operator(who), aside() if as_json else out()
    sign = _signing(run, desk, by, key, screen)
    gate = judge(desk) or judge_without_city(run.opened)
    check_code(_code(code, screen), run.id, run.plan.digest)
    clock = surroundings().now
    with (
        desk.open_world() as world,
        held(run, clock, by, _at(world, run, desk, alone, screen), gate) as journal,
    ):
        paper = _Paper(run, read_state(run), desk.city.inventory, desk.zone, surroundings().now(), by)
        results: list[Result] = []
        if file is not None:
            results += _from_file(file, paper)
        else:
            with _kept_if_lost(paper, results):
                _ask(paper, results, screen)
                check_results(paper.state, results, paper.inventory, paper.now)
        if not results:
            screen.say(words(_SAYS["nothing"]))
            return
        now = surroundings().now()
        state = type_in(journal, run.plan, results, paper.inventory, by=by, now=now, sign=sign, gate=gate)
    _show(paper, results, state, screen, as_json=as_json)


def _signing(
    run: RunFolder, desk: Desk, by: str, key: Path | None, screen: Screen
) -> Callable[[ByHand], ByHand] | None:
    """Return what signs for each line as whoever types it; None where it is typed, which is said. Raises: BadInput."""
    here = judge(desk)
    if here is None:
        screen.say(TYPED, "dim", hang=2)
        return None
    signer = signing_key(here, by, "seawall-paper", key)

    def sign(event: ByHand) -> ByHand:
        words = signed(paper_of(event, run.plan, run=run.id), "seawall-paper", signer)
        return event.model_copy(update={"signed": words})

    return sign


def _at(
    world: World, run: RunFolder, desk: Desk, alone: tuple[str, str] | None, screen: Screen
) -> AtPlaces | None:
    return at_places(world, screen, run, check_alone(alone, desk.inventory))


def _code(said: str | None, screen: Screen) -> str:
    if said is not None:
        return said
    if not surroundings().has_terminal():
        remedy = "Give what stands under its square code: --code 'ab12 cd34 ef56 7890'"
        raise BadInput.one("nobody says which paper it is", where="--from-paper", remedy=remedy)
    screen.say(words(_SAYS["code"]))
    return _line(screen)


def _line(screen: Screen) -> str:
    screen.stream.write("> ")
    screen.stream.flush()
    line = sys.stdin.readline()
    if not line:
        raise BadInput.one("the input ended; nothing was written", where="--from-paper", remedy="Begin again")
    return line.strip()


def _open_steps(state: State) -> Iterator[tuple[int, StepState]]:
    for number, step in enumerate(state.plan.steps, 1):
        one = state.steps[step.id]
        if step.skipped is None and one.stand not in OVER:
            yield number, one


def _ask(paper: _Paper, results: list[Result], screen: Screen) -> None:
    """Go through the open steps and ask about each; what is said goes into `results`."""
    kind = MARK if paper.run.plan.exercise else words(Text(en="REAL", da="VIRKELIG"))
    screen.say(f"{kind}: {words(paper.run.plan.title)}", "mark" if paper.run.plan.exercise else "bad")
    screen.say(words(_SAYS["how"]))
    for number, one in _open_steps(paper.state):
        screen.say()
        screen.say(f"{number}. {one.step.id}: {words(one.step.does)}", "strong", hang=4)
        while (line := _line(screen)) not in ("", "stop"):
            result = _typed(line, one, results, paper, screen)
            if result is not None:
                results.append(result)
                break
        if line == "stop":
            break


def _typed(
    line: str, one: StepState, before: Sequence[Result], paper: _Paper, screen: Screen
) -> Result | None:
    """Read one step's line, and what else it asks for; say what is wrong with it, and return None then."""
    said, _, rest = line.partition(" ")
    time, _, person = rest.strip().partition(" ")
    row = {"step": one.step.id, "result": said.lower(), "time": time, "by": person.strip()}
    if row["result"] == "done" and one.yeses_wanted:
        screen.say(words(_SAYS["yes"]))
        row["approved_by"] = _line(screen)
    if row["result"] == "done" and one.step.note is not None:
        screen.say(words(_SAYS["note"]).format(note=words(one.step.note)))
        row["note"] = _line(screen)
    try:
        result = _result(row, one.step.id, before, paper)
    except BadInput as error:
        found: Sequence[Mistake] = error.mistakes
    else:
        found = line_mistakes(paper.state, before, result, paper.inventory, paper.now)
        if not found:
            return result
    for mistake in found:
        screen.say(f"{mistake.problem}. {mistake.remedy}.", "bad", hang=2)
    return None


def _result(row: dict[str, str], where: str, before: Sequence[Result], paper: _Paper) -> Result:
    """Read one line's fields. Raises: BadInput with each that cannot be read."""
    wrong: list[Mistake] = []
    result, time = row["result"], row["time"]
    if result not in RESULTS:
        wrong.append(Mistake(where, f"{result!r} is no result", f"Say {' or '.join(RESULTS)}"))
    ended = {one.step: one.when for one in before}
    known = paper.state.steps.get(row["step"])
    after = [ended.get(name) or paper.state.steps[name].ended for name in (known.step.after if known else ())]
    when = paper.instant(time, max([paper.opened(), *(one for one in after if one is not None)]))
    if when is None:
        wrong.append(Mistake(where, f"{time!r} is no time", "Give it as 03:12, or 2026-11-22 03:12"))
    if wrong:
        raise BadInput(wrong)
    assert when is not None
    yes = tuple(name for name in re.split(r"[,\s]+", row.get("approved_by", "").strip()) if name)
    return Result(
        where=where,
        step=row["step"],
        result="done" if result == "done" else "not-done",
        when=when,
        by=row["by"],
        approved_by=yes,
        note=row.get("note", ""),
    )


def _from_file(path: Path, paper: _Paper) -> Iterator[Result]:
    """Read a CSV file; lines without a result are left open. Raises: BadInput with every line that cannot be read."""
    rows = _rows(path)
    wrong: list[Mistake] = []
    results: list[Result] = []
    for number, row in rows:
        if not row["result"]:
            continue
        try:
            results.append(_result(row, f"{path}:{number}", results, paper))
        except BadInput as error:
            wrong += error.mistakes
    if wrong:
        raise BadInput(wrong)
    return iter(results)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    remedy = f"Its first line names the columns: {','.join(COLUMNS)}"
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput.one("it is larger than any paper", where=str(path), remedy=remedy)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise BadInput.one(problem, where=str(path), remedy="Check the name") from error
    except UnicodeDecodeError as error:
        raise BadInput.one("it is no UTF-8", where=str(path), remedy="Save it as CSV in UTF-8") from error
    separator = ";" if ";" in text.partition("\n")[0] else ","
    try:
        reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        raise BadInput.one(f"it is no CSV: {error}", where=str(path), remedy=remedy) from error
    head = [one.strip().casefold() for one in lines[0][1]] if lines else []
    unknown = [one for one in head if one not in COLUMNS]
    missing = [one for one in COLUMNS[:4] if one not in head]
    if unknown or missing:
        said = [f"knows no column {choose(one, COLUMNS)}" for one in unknown[:1]] + [
            f"lacks {', '.join(missing)}" for _ in missing[:1]
        ]
        raise BadInput.one(f"its first line {' and '.join(said)}", where=f"{path}:1", remedy=remedy)
    return [
        (number, dict.fromkeys(COLUMNS, "") | dict(zip(head, map(str.strip, line), strict=False)))
        for number, line in lines[1:]
        if any(one.strip() for one in line)
    ]


def form(plan_steps: Sequence[str], results: Sequence[Result] = (), zone: tzinfo | None = None) -> str:
    """Return a CSV to fill in, with a line for each step, and what is known already."""
    known = {one.step: one for one in results}
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(COLUMNS)
    for step in plan_steps:
        one = known.get(step)
        if one is None:
            writer.writerow([step, "", "", "", "", ""])
        else:
            at = one.when.astimezone(zone).isoformat(timespec="seconds")
            writer.writerow([step, one.result, at, one.by, " ".join(one.approved_by), one.note])
    return made.getvalue()


@contextlib.contextmanager
def _kept_if_lost(paper: _Paper, results: Sequence[Result]) -> Iterator[None]:
    """Keep in a file what was typed when it cannot be written as it is, or the typing is broken off."""
    try:
        yield
    except (SeawallError, KeyboardInterrupt):
        if results:
            file = Path(f"{paper.run.id}.results.csv")
            steps = [one.step.id for _, one in _open_steps(paper.state)]
            with contextlib.suppress(JournalError):
                write_whole(file, form(steps, results, paper.zone).encode())
                aside().say(words(_SAYS["kept"]).format(file=file), "bad")
        raise


def _show(paper: _Paper, results: Sequence[Result], state: State, screen: Screen, *, as_json: bool) -> None:
    left = [one.step.id for _, one in _open_steps(state)]
    if as_json:
        typed = [
            {"step": one.step, "result": one.result, "at": one.when.isoformat(), "by": one.by}
            for one in results
        ]
        told = {
            "run": paper.run.id,
            "typed_by": paper.by,
            "typed": typed,
            "open": left,
            "outcome": state.ended.outcome.value if state.ended else None,
        }
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    screen.say()
    screen.say(words(_SAYS["typed"]).format(count=len(results), by=paper.by), "good")
    for one in results:
        screen.say(f"{clock(one.when, paper.zone)[:8]} {one.step}: {one.result}, {one.by}", indent=2, hang=2)
    if state.ended is not None:
        screen.say(words(_SAYS["over"]))
        next_command(screen, f"seawall report {paper.run.id}")
    else:
        screen.say(words(_SAYS["open"]).format(steps=", ".join(left)), hang=2)
        next_command(screen, f"seawall resume {paper.run.id}", f"seawall show {paper.run.id}")
