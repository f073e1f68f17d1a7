"""A status page says what was seen and nothing else, to everybody, and keeps to itself what is nobody's business."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.journal import AbortAsked, Ended, Failed, Outcome, Resumed
from seawall.messages import MARK
from seawall.model import Text
from seawall.page import words
from seawall.page.checked import checks_of
from seawall.page.discreet import Discreet
from seawall.page.status import concern_of
from seawall.page.writing import headline, to_html
from seawall.plan import Promise
from seawall.sightings import Condition, Sighting
from tests.seawall.page.incident import COPENHAGEN, havnby, known, page, plan_of, status, whole
from tests.seawall.report import stories
from tests.seawall.report.stories import at, began, ended_well, opened, up_to_the_fence

IN_ORDER = re.compile("i orden|in order")


STORIES = {
    "under-way": up_to_the_fence,
    "looked": lambda plan: whole(plan)[:-3],
    "ended": whole,
    "in-doubt": stories.in_doubt,
    "taken-back": stories.aborted,
}


@pytest.mark.golden
@pytest.mark.parametrize("name", STORIES)
def test_the_page_reads_as_agreed(golden, name):
    plan = plan_of(exercise=name == "under-way")
    golden(f"page/{name}.html", page(plan, STORIES[name](plan)))


@given(st.integers(1, 14))
def test_nothing_is_called_in_order_before_the_run_has_seen_it(length):
    plan = plan_of()
    events = whole(plan)[:length]
    seen = any(one.kind == "succeeded" and one.step == "served-again" for one in events)
    assert bool(IN_ORDER.search(page(plan, events))) is seen


def test_a_plan_that_never_looks_never_says_that_anything_is_in_order():
    plan = stories.move()
    assert not IN_ORDER.search(page(plan, stories.went_well(plan)))
    assert "Det er uvist" in page(plan, stories.went_well(plan))


def test_what_was_in_order_is_not_when_something_under_it_is_taken_back():
    plan = plan_of()
    events = [
        *whole(plan)[:-3],
        AbortAsked(at=at(66), by="anna", why="", undo=True),
        began("repoint", 67, undoing=True),
        ended_well("repoint", 68, "north is up", undoing=True),
    ]
    assert status(plan, events[:-2]).checked
    assert status(plan, events).checked is None


def test_a_look_from_outside_that_finds_it_down_goes_before_an_older_check():
    plan = plan_of()
    down = Sighting(looked_at=at(80), told_at=at(80), condition=Condition.DOWN, since=at(70), misses=3)
    before = down.model_copy(update={"told_at": at(10), "looked_at": at(10), "since": at(-60)})
    late = status(plan, whole(plan)[:-1], after=15, sightings={"login": down})
    assert headline(late, COPENHAGEN, "en") == "Login: does not work, seen from outside at 03:13"
    early = status(plan, whole(plan)[:-3], after=1, sightings={"login": before})
    assert IN_ORDER.search(headline(early, COPENHAGEN, "en"))


def test_since_when_is_what_the_watch_saw_or_not_measured():
    plan, events = plan_of(), up_to_the_fence(plan_of())
    down = Sighting(looked_at=at(20), told_at=at(20), condition=Condition.DOWN, since=at(-600), misses=9)
    assert "lørdag den 21. november 2026 kl. 03.02, set udefra" in page(
        plan, events, after=1, sightings={"login": down}
    )
    assert "<strong>Siden:</strong> ikke målt" in page(plan, events)


def test_an_exercise_says_nothing_of_what_was_seen_of_the_real_service():
    plan = plan_of(exercise=True)
    down = Sighting(looked_at=at(20), told_at=at(20), condition=Condition.DOWN, since=at(-600), misses=9)
    shown = page(plan, up_to_the_fence(plan), after=1, sightings={"login": down})
    assert "set udefra" not in shown


def test_an_exercise_says_so_in_title_heading_and_first_line():
    shown = page(plan_of(exercise=True), up_to_the_fence(plan_of(exercise=True)))
    for tag in ("title", "h1[^>]*", "h2 class[^>]*", "p class=.kind exercise.[^>]*"):
        assert re.search(f"<{tag}>{MARK}", shown), tag
    assert "VIRKELIG HÆNDELSE" not in shown


def test_whoever_leans_on_it_is_named_with_what_to_do_instead():
    plan = plan_of()
    titles = [one.title.en for one in status(plan, whole(plan)).affected]
    assert titles[0] == "Login"
    assert {"Health record", "Digital mail", "Business portal"} <= set(titles)
    assert "Emergency-dispatch feed" not in titles


@pytest.mark.parametrize(
    ("runbook", "parameters", "claims", "reach"),
    [
        ("postgres-failover", {"service": "login"}, ("service:login",), "touches"),
        ("notify", {"service": "login"}, ("runbook:notify",), "names"),
        ("verify-backup", {"backup": "login-nightly"}, ("backup:login-nightly",), "copies"),
        ("verify-backup", {"backup": "gone"}, ("backup:gone",), "unsaid"),
        ("unknown", {"service": "login"}, (), "unsaid"),
    ],
)
def test_what_a_run_has_to_do_with_services_is_taken_from_its_plan(runbook, parameters, claims, reach):
    plan = plan_of(runbook=runbook, parameters=parameters, claims=claims)
    assert concern_of(plan, known()).reach == reach


def test_work_on_copies_does_not_say_that_a_service_is_away():
    plan = plan_of(
        runbook="verify-backup", parameters={"backup": "login-nightly"}, claims=("backup:login-nightly",)
    )
    shown = page(plan, whole(plan))
    assert "No service is stopped or changed by it" in shown
    assert "Nobody can sign in" not in shown


def test_nobody_is_named_but_by_role():
    plan = plan_of()
    shown = page(plan, [*stories.in_doubt(plan), Resumed(at=at(70), by="anna"), *stories.in_doubt(plan)[-1:]])
    shown += page(plan, whole(plan)) + page(plan, stories.aborted(plan))
    for person in ("anna", "bo", "carl", "Mette", "commander", "Karla"):
        assert not re.search(rf"\b{person}\b", re.sub("incident commander", "", shown)), person
    assert "beredskabskoordinatorerne pr. e-mail" in shown.lower().replace(", ", " ")


def test_addresses_and_people_in_a_steps_words_are_left_out():
    does = "Ask anders.fiktivsen@example.dk at 192.0.2.11:5432 or https://x.example/y or 2001:db8::1 or Karla Opdigtet"
    does += " or login-db.city.example"
    plan = plan_of()
    steps = tuple(one.model_copy(update={"does": Text(en=does)}) for one in plan.steps)
    shown = page(plan.model_copy(update={"steps": steps}), whole(plan))
    assert "Ask … at … or … or … or … or …" in shown
    for kept in ("192.0.2", "fiktivsen", "2001:db8", "x.example", "Opdigtet", "login-db"):
        assert kept not in shown


@pytest.mark.parametrize(
    "words",
    [
        "(ann@a.example)",
        "ann@a.example+bob@b.example",
        "x@ann@a.example",
        "10.0.0.1bob@b.example",
        "fe80::1bob@b.example",
        "ann.b+c@a.example.",
    ],
)
def test_no_mail_address_is_left_whatever_stands_against_it(words):
    text = Discreet(havnby().inventory).text(Text(en=words)).en
    assert not re.search(r"ann|bob|example", text)


def test_why_a_step_failed_stays_with_the_engineers():
    plan = plan_of()
    failure = Failed(
        at=at(3),
        step="standby-is-fit",
        attempt=1,
        error="X",
        where="db7",
        problem="refused by db7",
        remedy="look",
        acted=False,
    )
    shown = page(plan, [opened(plan), failure, Ended(at=at(4), outcome=Outcome.FAILED)])
    assert "Lykkedes ikke:" in shown
    assert "db7" not in shown


def test_a_promise_is_made_while_somebody_drives_and_never_after():
    plan = plan_of()
    going = status(plan, up_to_the_fence(plan))
    assert going.next_update is not None
    assert timedelta(minutes=29) <= going.next_update - going.written <= timedelta(minutes=30)
    assert status(plan, up_to_the_fence(plan), halted=True).next_update is None
    assert "står stille" in page(plan, up_to_the_fence(plan), halted=True)
    assert status(plan, whole(plan)).next_update is None


def test_without_a_telephone_the_reader_is_sent_back_to_where_it_came_from():
    plan = plan_of()
    shown = page(plan, up_to_the_fence(plan), known=known(telephone=None))
    assert "spørg dér, hvor du har den fra" in shown
    assert "None" not in shown


def test_english_words_in_the_danish_half_are_marked_as_english():
    plan = plan_of(title=Text(en="Only English"), why=Text(en="Because <b>"), claims=())
    danish, _, english = page(plan, whole(plan)).partition("<section")
    assert '<span lang="en">Because &lt;b&gt;</span>' in danish
    assert "<span" not in english.partition("Why:")[2].partition("</p>")[0]


@pytest.mark.slow
def test_a_page_of_a_thousand_services_and_steps_stays_under_100_kb():
    long = Text(en="ø" * 5000, da="æ" * 5000)
    city = havnby().inventory
    more = {
        f"s{n}": city.services["login"].model_copy(
            update={"needs": ("login",), "title": long, "without_it": long, "instead": long}
        )
        for n in range(1000)
    }
    inventory = city.model_copy(update={"services": {**city.services, **more}})
    plan = plan_of(title=long, why=long)
    steps = [
        plan.steps[0].model_copy(update={"id": f"look{n}", "does": long, "after": ()}) for n in range(1000)
    ]
    plan = plan.model_copy(update={"steps": (*plan.steps, *steps)})
    events = [*whole(plan)[:-1], *(ended_well(one.id, 70, "") for one in steps)]
    events += [began(f"look{n}", 70) for n in range(50)]
    large = known()
    large = type(large)(inventory, large.runbooks, large.every, large.telephone)
    assert len(page(plan, events, known=large).encode()) < 100_000


HOSTILE = st.sampled_from(
    ["<script>alert(1)</script>", "</style>", '" onload="x', "{{ 7*7 }}", "{0}{x}", "\x1b[2J", "javascript:x"]
)


@given(HOSTILE)
def test_nothing_that_the_city_wrote_steers_the_page(text):
    words_ = Text(en=text, da=text)
    plan = plan_of(title=words_, why=words_)
    plan = plan.model_copy(
        update={"steps": tuple(one.model_copy(update={"does": words_}) for one in plan.steps)}
    )
    outline = Outline()
    shown = page(plan, whole(plan))
    outline.feed(shown)
    assert outline.loads == []
    assert outline.scripted == []
    assert shown.count("</style>") == 1
    assert "\x1b" not in shown
    assert "49" not in re.sub(r"\d\d[:.]\d\d", "", shown.partition("</style>")[2])


@pytest.mark.parametrize("name", STORIES)
def test_headings_go_down_one_at_a_time_and_the_page_says_its_languages(name):
    plan = plan_of()
    outline = Outline()
    outline.feed(page(plan, STORIES[name](plan)))
    assert outline.languages == ["da", "en", "en"]
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))


def test_every_sentence_is_there_in_both_languages():
    tables = [one for one in vars(words).values() if isinstance(one, dict) and one and "__name__" not in one]
    texts = [text for table in tables for text in table.values() if isinstance(text, Text)]
    assert len(texts) > 50
    assert all(text.da for text in texts)


def test_the_steps_that_tell_whether_it_is_in_order_come_last_among_the_looks():
    plan = plan_of()
    assert [one.id for one in checks_of(plan)] == ["served-again"]
    assert checks_of(stories.move()) == ()


def test_times_on_another_day_say_which():
    plan = plan_of()
    late = status(plan, up_to_the_fence(plan), after=20 * 3600 + 30 * 60)
    assert "søndag den 22. november 2026 kl. 00.12" in to_html(late, COPENHAGEN)


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self):
        super().__init__()
        self.headings, self.loads, self.scripted, self.languages = [], [], [], []

    def handle_starttag(self, tag, attrs):
        given_ = dict(attrs)
        if tag in ("html", "section", "a", "span") and "lang" in given_:
            self.languages.append(given_["lang"])
        if tag in ("script", "link", "img", "iframe", "object"):
            self.loads.append(tag)
        self.scripted += [name for name in given_ if name.startswith("on")]
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))


def test_a_look_that_goes_on_whatever_it_saw_puts_nothing_in_order():
    plan = plan_of()
    look = plan.by_id["served-again"]
    for shrug in ({"late": "goes-on"}, {"unknown": "goes-on", "until": (), "expect": look.until}):
        changed = tuple(one.model_copy(update=shrug) if one is look else one for one in plan.steps)
        assert checks_of(plan.model_copy(update={"steps": changed})) == ()


def test_a_runbook_that_says_what_shows_that_it_is_back_is_believed():
    plan = plan_of()
    promise = Promise(
        service="login", supplier=None, rto=timedelta(minutes=15), since=None, served_again="standby-is-fit"
    )
    assert [one.id for one in checks_of(plan.model_copy(update={"promise": promise}))] == ["standby-is-fit"]
    by_hand = promise.model_copy(update={"served_again": "tell-dispatch"})
    assert checks_of(plan.model_copy(update={"promise": by_hand})) == ()


def test_what_is_for_a_suppliers_desk_is_for_nobody_else():
    theirs = havnby().inventory.services["citizen-register"].run_by
    assert theirs is not None
    assert theirs.contract is not None
    does = Text(en=f"Ring {theirs.telephone}, contract {theirs.contract.number}, and say it is down")
    plan = plan_of()
    steps = tuple(one.model_copy(update={"does": does}) for one in plan.steps)
    shown = page(plan.model_copy(update={"steps": steps}), whole(plan))
    assert "Ring …, contract …, and say it is down" in shown
