"""How a run stands, for a person at night and for a script: where each step is, what is asked, what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from console.terminal.doubt_screen import DOUBTS, doubt_about, show_doubt
from console.terminal.on_call import as_json, show_who_may_say, when_late, who_is_asked
from console.terminal.run_words import in_ours, say
from console.terminal.screen import Screen, Tone, language, words
from console.terminal.signing import answer_command
from console.terminal.status_words import STANDINGS
from console.terminal.surroundings import surroundings, version
from seawall.files import on_disk
from seawall.imported import imported
from seawall.inventory import Inventory
from seawall.journal import read_lines
from seawall.messages import MARK
from seawall.put_aside import PutAside, put_aside
from seawall.questions import ANSWERS, OpenQuestion, questions_of
from seawall.report.account import Report, StepAccount
from seawall.report.figures import clock, moment, span
from seawall.report.hands_told import hands_told
from seawall.report.making import make_report
from seawall.report.roles import starter
from seawall.report.signing import glass_lines, in_words
from seawall.report.words import OUTCOMES, STANDS
from seawall.reviews import account_of
from seawall.run_folder import RunFolder
from seawall.run_list import Standing, summary_of
from seawall.state import State
from seawall.who_may import who_may_answer

__all__ = ["questions_of", "run_as_json", "show_run", "tell"]

GOOD, BAD = (
    frozenset({"done", "undone", "not needed"}),
    frozenset({"failed", "in doubt", "undo failed", "undo in doubt", "overridden"}),
)
MOST_STEPS = 200
"""Steps that a screen shows one by one; of more than that, those that need somebody."""


def tell(run: RunFolder) -> Report:
    """Tell a run from its folder. Raises: JournalError, Tampered."""
    with on_disk(run.journal_path):
        content = run.journal_path.read_bytes()
    lines, _ = read_lines(content, str(run.journal_path))
    return make_report(
        run.plan,
        lines,
        run=run.id,
        made_at=surroundings().now(),
        version=version(),
        imported=imported(run.path),
        review=account_of(run),
    )


def run_as_json(run: RunFolder, state: State, inventory: Inventory | None = None) -> dict[str, Any]:
    """Return the report with how the run stands at this moment; the keys are documented in docs/json.md."""
    return {
        **tell(run).model_dump(mode="json"),
        "standing": summary_of(run).standing.value,
        "questions": [
            {
                "step": one.step.id,
                "what": one.asked.what,
                "of": one.asked.of,
                "person": one.asked.person,
                "taken_by": None if one.taken is None else one.taken.by,
                "taken_at": None if one.taken is None else one.taken.at.isoformat(),
                "until": one.asked.until.isoformat(),
                "answers": list(ANSWERS[one.asked.what]),
                "note": None if one.step.note is None else one.step.note.model_dump(mode="json"),
                "who": None if inventory is None else as_json(inventory, one.asked.of),
                "may_answer": _who_may(state, one, inventory),
                "doubt": doubt_about(run, state, one.step.id).model_dump(mode="json")
                if one.asked.what in DOUBTS
                else None,
            }
            for one in questions_of(state)
        ],
        "put_aside": [one.model_dump(mode="json") for one in put_aside(run, state)],
    }


def _who_may(state: State, one: OpenQuestion, inventory: Inventory | None) -> list[str] | None:
    """Name who may say how a step went; None where anybody may, and for a yes, which has its own rules."""
    if inventory is None or one.asked.what == "approval":
        return None
    return list(who_may_answer(inventory, state, state.steps[one.step.id], surroundings().now())) or None


def show_run(
    run: RunFolder, state: State, screen: Screen, zone: tzinfo, inventory: Inventory | None = None
) -> None:
    """Show how a run stands; with the inventory, also who it is that is asked."""
    report = tell(run)
    standing = summary_of(run).standing
    screen.say(
        f"{MARK if report.exercise else say('real')}: {words(report.title)}",
        "mark" if report.exercise else "strong",
    )
    now = surroundings().now()
    seconds = report.seconds if report.ended_at else (now - report.opened_at).total_seconds()
    outcome = words(OUTCOMES[report.outcome] if report.outcome else STANDINGS[standing.value])
    took = say("took" if report.ended_at else "open-for", outcome=outcome, span=span(seconds, language()))
    given = " ".join(f"{name}={value}" for name, value in report.parameters.items())
    screen.pairs(
        (
            (say("run"), run.id),
            (say("stands"), took),
            (say("began"), say("by", at=moment(report.opened_at, zone), by=words(starter(report.opened_by)))),
            *_imported(report, zone),
            (say("with"), given or say("nothing")),
            *_people(report),
        )
    )
    for line in glass_lines(report, language(), zone):
        screen.say(line, "bad", hang=2)
    _show_questions(run, state, screen, zone, inventory)
    show_put_aside(put_aside(run, state), screen, zone)
    _show_troubles(report, screen, zone)
    over = sum(
        _stand(one) in ("done", "not needed", "skipped", "undone", "overridden") for one in report.steps
    )
    screen.head(say("over", over=over, all=len(report.steps)))
    room = min(28, max((len(one.id) for one in report.steps), default=0))
    for one in _worth_showing(report):
        _show_step(one, room, screen, zone, now)
    if len(report.steps) > MOST_STEPS:
        counts = Counter(STANDS[one.stand].in_(language()) for one in report.steps)
        told = ", ".join(f"{count:,} {stand}" for stand, count in counts.items())
        screen.say(say("in-all", counts=told), indent=2)
    if standing is Standing.INTERRUPTED:
        for name in state.under_way:
            screen.say()
            screen.say(say("nobody-drives", step=name), "bad", hang=2)
    if report.left:
        screen.say()
        what = say("left" if report.ended_at else "changed", steps=", ".join(report.left))
        screen.say(what, "bad" if report.ended_at else "plain", hang=2)


def _people(report: Report) -> list[tuple[str, str]]:
    """Tell people's time apart from machines', where people were waited for."""
    if not report.waited_for_people:
        return []
    people, machines = (span(one, language()) for one in (report.waited_for_people, report.machine_seconds))
    return [(say("people"), say("people-took", people=people, machines=machines))]


def _imported(report: Report, zone: tzinfo) -> list[tuple[str, str]]:
    """Say of a run that was carried out elsewhere when it came here, and that its times are those of there."""
    how = report.imported
    if how is None:
        return []
    return [(say("imported"), say("imported-by", at=moment(how.at, zone), by=how.by, source=how.source))]


def _worth_showing(report: Report) -> list[StepAccount]:
    """Return every step when they fit, else those that are under way or went wrong."""
    if len(report.steps) <= MOST_STEPS:
        return list(report.steps)
    return [one for one in report.steps if one.stand in BAD or one.stand in ("under way", "undoing")][
        :MOST_STEPS
    ]


def next_for(run: RunFolder, state: State) -> list[str]:
    """Return the next sensible commands for a run that stands like this."""
    standing = summary_of(run).standing
    if standing is Standing.ENDED:
        return [f"seawall report {run.id}"]
    if standing in (Standing.INTERRUPTED, Standing.NOT_BEGUN):
        return [f"seawall resume {run.id}", f"seawall abort {run.id}"]
    answers = [answer_command(run.id, one.step.id, one.asked.what) for one in questions_of(state)[:3]]
    return [*answers, f"seawall show {run.id} --follow", f"seawall abort {run.id}"]


def _show_who(one: OpenQuestion, screen: Screen, inventory: Inventory | None) -> None:
    """Say by name who is asked, and whom to ask when their time is up."""
    if inventory is None or one.asked.of not in inventory.duties:
        return
    if surroundings().now() > one.asked.until:
        screen.say(say("late", people=when_late(inventory, one.asked.of)), "bad", indent=4, hang=2)
    else:
        screen.say(who_is_asked(inventory, one.asked), indent=4, hang=2)


def _show_questions(
    run: RunFolder, state: State, screen: Screen, zone: tzinfo, inventory: Inventory | None
) -> None:
    questions: list[OpenQuestion] = questions_of(state)
    if not questions:
        return
    screen.head(say("waits"))
    for one in questions:
        asked = one.in_words(language=language())
        screen.say(say("until", what=asked, at=clock(one.asked.until, zone)[:8]), "bad", indent=2, hang=2)
        screen.say(words(one.step.does), indent=4)
        _show_who(one, screen, inventory)
        if one.asked.what in DOUBTS:
            show_doubt(doubt_about(run, state, one.step.id), screen, zone, indent=4)
            if inventory is not None:
                show_who_may_say(state, one, screen, inventory, indent=4)
        screen.raw(f"    {answer_command(run.id, one.step.id, one.asked.what)}")


def show_put_aside(words_aside: Sequence[PutAside], screen: Screen, zone: tzinfo) -> None:
    """Say which words to the run do not count: whose, what they say, why not, and what to do."""
    if not words_aside:
        return
    screen.head(say("put-aside"))
    for one in words_aside:
        who = f"{clock(one.at, zone)[:8]} {one.by}: " if one.at is not None else ""
        screen.say(f"{who}{words(one.said)}", "bad" if one.wanted else "plain", indent=2, hang=2)
        screen.say(f"{in_ours(one.why)}.", indent=4, hang=2)
        end = "." if one.command is None else ":"
        screen.say(f"{words(one.todo)}{end}", "plain" if one.wanted else "dim", indent=4, hang=2)
        if one.command is not None:
            screen.raw(f"    {one.command}")


def _show_troubles(report: Report, screen: Screen, zone: tzinfo) -> None:
    if not report.troubles:
        return
    screen.head(say("wrong"))
    for one in report.troubles:
        screen.say(f"{clock(one.at, zone)} {one.step} ({one.where}): {one.problem}.", "bad", indent=2, hang=2)
        screen.say(f"{one.remedy}.", indent=4, hang=2)
        if one.afterwards:
            screen.say(say("afterwards", what=words(one.afterwards)), indent=4, hang=2)


def _stand(one: StepAccount) -> str:
    """Say of a step that the plan leaves out that it is skipped, also before its turn has come."""
    return "skipped" if one.stand == "waiting" and one.skipped else one.stand


def _show_step(one: StepAccount, room: int, screen: Screen, zone: tzinfo, now: datetime) -> None:
    tone: Tone = "good" if one.stand in GOOD else "bad" if one.stand in BAD else "plain"
    when = clock(one.started, zone) if one.started else ""
    took = span(one.seconds, language()) if one.seconds is not None else ""
    if one.stand == "under way" and one.started:
        spent, limit = (now - one.started).total_seconds(), one.limit_seconds
        took = say("of", spent=span(spent, language()), limit=span(limit, language()))
    screen.columns(((one.id, room), (STANDS[_stand(one)].in_(language()), 11), (when, 12), (took, 0)), tone)
    remark = one.skipped or one.saw
    if remark:
        screen.say(in_ours(remark), "dim", indent=6)
    if one.approvals:
        said = ", ".join(in_words(yes, language()) for yes in one.approvals)
        screen.say(say("approved-by", who=said), "dim", indent=6, hang=2)
    for told in hands_told(one, language(), zone):
        screen.say(told, "dim", indent=6, hang=2)
