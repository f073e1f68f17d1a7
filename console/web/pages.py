"""The pages: what was asked for, in a language, as HTML. What comes from files is escaped by the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from console.web.archive import Archive, Wanted
from console.web.asked import Asked, history_query
from console.web.entries import End, Entry, Kind, drill_entry
from console.web.figures import day_and_hour, length, machine_time
from console.web.frozen import Frozen, frozen_at
from console.web.place import Place, Surveyor
from console.web.rows import SIGNS, ended, row, target_words
from console.web.telling import MOST_EVENTS, Telling, tell
from console.web.words import say
from drills.scorecard_page import scorecard_page
from drills.scorecard_rows import SIGNS as CARD_SIGNS
from drills.scorecard_rows import gist, judged_mark, judged_word, measured, parts
from drills.scorecard_words import say as card_says
from drills.written import measured_of
from seawall.errors import JournalError, SeawallError
from seawall.model import Language
from seawall.page.sheets_of_run import sheets_of
from seawall.report.figures import clock, moment, plain
from seawall.report.page import PEOPLE, WRONG, to_page, tone
from seawall.report.page import SIGNS as STEP_SIGNS
from seawall.report.recovering import told_recovery
from seawall.report.roles import role, starter
from seawall.report.words import HEADINGS, STANDS

if TYPE_CHECKING:
    from jinja2 import Environment

OK = 200
KINDS = (Kind.REAL, Kind.EXERCISE, Kind.DRILL)


@dataclass(frozen=True, slots=True)
class Made:
    """A page, ready to be sent.

    Attributes:
        refresh: seconds after which the reader wants it again.
        styled_within: the page carries its own styles, as one that is kept as a file does.
    """

    html: str
    status: int = 200
    refresh: int | None = None
    styled_within: bool = False


class Pages:
    """Makes every page of one city."""

    def __init__(
        self, archive: Archive, surveyor: Surveyor, now: Callable[[], datetime], version: str
    ) -> None:
        self.archive, self.surveyor, self.now, self.version = archive, surveyor, now, version

    def history(self, asked: Asked) -> Made:
        """List runs and drills. Raises: BadInput for a query that no form of ours makes; JournalError."""
        place = self.surveyor.place()
        wanted = history_query(asked.query)
        leaf = self.archive.leaf(wanted, place.services_of)
        now = self.now()
        services = dict.fromkeys([*place.services, *([wanted.service] if wanted.service else [])])
        return self._made(
            "history.html.j2",
            asked,
            place,
            wanted=wanted,
            rows=[row(one, place, asked.language, now) for one in leaf.entries],
            leaf=leaf,
            older=_query(wanted, before=leaf.older) if leaf.older else None,
            newest=_query(wanted, before=None),
            services=[(name, place.service(name).in_(asked.language)) for name in services],
            kinds=KINDS,
            ends=tuple(End),
        )

    def run(self, asked: Asked, name: str) -> Made | None:
        """Tell one run; None when there is none of that name."""
        run = self.archive.run(name)
        if run is None:
            return None
        place = self.surveyor.place()
        entry = self.archive.entry(run.path)
        try:
            told = tell(run, self.now(), self.version)
        except JournalError as error:
            return self._unreadable(asked, place, entry, error, "cannot-be-read")
        services = place.services_of(entry.about)
        targets = place.targets_of(entry.about)
        return self._made(
            "run.html.j2",
            asked,
            place,
            told=told,
            report=told.report,
            does={one.id: one.does for one in told.report.steps},
            entry=entry,
            ended=ended(entry, asked.language),
            services=[
                place.inventory.services[one] for one in services if place.inventory and one in place.services
            ],
            targets=[target_words(one, asked.language, named=False) for one in targets],
            recovery=list(told_recovery(told.report.recovery, asked.language))
            if told.report.recovery
            else [],
            heading=lambda key: HEADINGS[key].in_(asked.language),
            drill=self.archive.drill_of(name),
            people=[one for one in told.report.timeline if one.kind in PEOPLE],
            timeline=told.report.timeline[:MOST_EVENTS],
            lasted=_lasted(told, self.now()),
        )

    def report(self, asked: Asked, name: str) -> Made | None:
        """Make a run's report to print; None when there is no such run."""
        run = self.archive.run(name)
        if run is None:
            return None
        place = self.surveyor.place()
        try:
            told = tell(run, self.now(), self.version)
        except JournalError as error:
            return self._unreadable(asked, place, self.archive.entry(run.path), error, "cannot-be-read")
        return Made(to_page(told.report, asked.language, place.zone), styled_within=True)

    def sheets(self, asked: Asked, name: str) -> Made | None:
        """Make a run's two sheets for those who answer for the city; None when there is no run, or no city to read."""
        run, known = self.archive.run(name), self.surveyor.known()
        if run is None or known is None:
            return None
        place, now = self.surveyor.place(), self.now()
        drill = self.archive.drill_of(name)
        card = self.archive.entry(self.archive.drills / drill).card if drill else None
        measured = measured_of(card) if card else None
        try:
            report = tell(run, now, self.version).report
            html = sheets_of(
                run, report, known, measured=measured, language=asked.language, zone=place.zone, now=now
            )
        except JournalError as error:
            return self._unreadable(asked, place, self.archive.entry(run.path), error, "cannot-be-read")
        return Made(html, styled_within=True)

    def drill(self, asked: Asked, name: str) -> Made | None:
        """Tell one drill; None when there is none of that name."""
        folder = self.archive.drill(name)
        if folder is None:
            return None
        place = self.surveyor.place()
        entry = self.archive.entry(folder)
        if entry.problem is not None:
            error = JournalError(entry.problem, where=name, remedy="")
            return self._unreadable(asked, place, entry, error, "cannot-be-read-drill")
        language, card = asked.language, entry.card
        if card is None:
            return self._made("drill_open.html.j2", asked, place, entry=entry)
        return self._made(
            "drill.html.j2",
            asked,
            place,
            entry=entry,
            card=card,
            ended=ended(entry, language),
            gist=gist(card, language),
            rows=measured(card, language),
            phases=parts(card, language),
            card_signs=CARD_SIGNS,
            card_says=lambda word, **values: card_says(word, language, **values),
            judged_mark=judged_mark,
            judged_word=lambda one: judged_word(one, language),
            there=lambda one: self.archive.run(one) is not None,
        )

    def scorecard(self, asked: Asked, name: str) -> Made | None:
        """Make a drill's scorecard to print; None when there is no such drill, or it has no result."""
        folder = self.archive.drill(name)
        card = drill_entry(folder).card if folder else None
        if card is None:
            return None
        other = f"/{asked.other}/drills/{name}/scorecard"
        return Made(scorecard_page(card, asked.language, other=other), styled_within=True)

    def trouble(self, asked: Asked, status: int) -> Made:
        """Say that there is no page, and why, in the same clothes. Reads no file: it must not fail too."""
        place = self.surveyor.last
        return self._made("trouble.html.j2", asked, place, status=status)

    def _unreadable(self, asked: Asked, place: Place, entry: Entry, error: SeawallError, what: str) -> Made:
        return self._made("unreadable.html.j2", asked, place, entry=entry, error=error, what=what)

    def _made(self, template: str, asked: Asked, place: Place, *, status: int = 200, **shown: Any) -> Made:
        language, now = asked.language, self.now()
        html = (
            _templates()
            .get_template(template)
            .render(
                asked=asked,
                language=language,
                other=asked.other,
                place=place,
                now=now,
                version=self.version,
                status=status,
                # A page of trouble reads no file.
                frozen=frozen_at(self.archive.runs) if status == OK else Frozen(),
                style=style_version(),
                say=partial(_say, language),
                words=lambda text: plain(text.in_(language)),
                clean=plain,
                moment=lambda at: moment(at, place.zone),
                hour=lambda at: day_and_hour(at, place.zone, language),
                clock=lambda at: clock(at, place.zone)[:8],
                utc=machine_time,
                length=lambda span: length(span, language),
                span=lambda seconds: length(timedelta(seconds=seconds), language),
                role=lambda name: plain(role(name).in_(language)),
                starter=starter,
                signs=SIGNS,
                stand=lambda name: STANDS[name].in_(language),
                step_sign=lambda name: STEP_SIGNS.get(name, WRONG),
                tone=tone,
                **shown,
            )
        )
        return Made(html, status, asked.refresh)


def stylesheet() -> bytes:
    """Return what the pages look like."""
    return files("console.web").joinpath("style.css").read_bytes()


def icon() -> bytes:
    """Return the pages' sign."""
    return files("console.web").joinpath("icon.svg").read_bytes()


@cache
def style_version() -> str:
    """Return a word that changes with the stylesheet, so that browsers may keep it."""
    import hashlib

    return hashlib.sha256(stylesheet()).hexdigest()[:12]


def _query(wanted: Wanted, *, before: str | None) -> str:
    said: Mapping[str, str | None] = {
        "service": wanted.service,
        "kind": wanted.kind,
        "ended": wanted.end,
        "before": before,
    }
    return urlencode({key: value for key, value in said.items() if value})


def _lasted(told: Telling, now: datetime) -> Any:
    report = told.report
    return max(((report.ended_at or now) - report.opened_at), now - now)


def _say(language: Language, word: str, **values: object) -> str:
    return say(word, language, **values)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("console.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
