from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.hold import hold_drill
from drills.outside import Responded
from drills.scenario import Scenario
from drills.scorecard import Judged, Moment, Scorecard
from drills.scorecard_page import scorecard_page
from drills.written import read_scorecard
from seawall.errors import DidNothing, SeawallError
from seawall.journal import Outcome
from tests.drills.simulated import Moves, SimulatedClock, SimulatedPlace
from tests.drills.small_city import small_city, small_scenario

ACCEPTS = {"that": "service accepts writes", "service": "login", "at": "south", "within": "15s"}
PLANNED = {
    "timeline": [],
    "respond": {"runbook": "failover", "with": {"to": "south"}, "when": "declared", "at": "2s"},
}


@pytest.fixture
def place() -> SimulatedPlace:
    return SimulatedPlace(SimulatedClock())


@pytest.fixture
def hold(place, tmp_path):
    def _hold(*, by=None, service=None, show=lambda _: None, foresee=None, **changed) -> Scorecard:
        scenario, city = small_scenario(**changed), small_city(**(service or {}))
        folder = tmp_path / "drill-1"
        by = by or Moves(place)
        return hold_drill(scenario, city, place, by, folder, clock=place.clock, foresee=foresee, show=show)

    return _hold


def expectation(card: Scorecard, about: str) -> Judged:
    return next(one for one in card.expectations if about in one.that.en)


def clean(place: SimulatedPlace) -> bool:
    """Nobody writes, watches or probes any more, and nothing is broken."""
    return not place.open and not place.broken


def test_a_drill_that_goes_well_is_passed_and_measured_from_outside(hold, place):
    card = hold()
    assert card.verdict.kind == "passed"
    assert card.rta is not None
    assert timedelta(seconds=3) < card.rta < timedelta(seconds=4)
    assert (card.writes.lost, card.rpa) == (0, timedelta())
    assert card.primaries is not None
    assert (card.primaries.both_for, card.primaries.unseen_for) == (timedelta(), timedelta())
    assert [run.runbook for run in card.runs] == ["failover", "failback"]
    assert clean(place)
    assert place.heals == 1


def test_nothing_is_broken_when_the_service_is_where_it_would_be_moved_to(hold, place):
    place.servers["north"].primary, place.servers["south"].primary, place.front = False, True, "south"
    with pytest.raises(SeawallError, match="served from south already") as refused:
        hold()
    assert "seawall run failback to=north" in refused.value.remedy
    assert place.heals == 0
    assert clean(place)


def test_the_phases_add_up_to_the_recovery_time(hold):
    card = hold()
    assert [phase.name for phase in card.phases] == ["detect", "decide", "execute", "verify"]
    assert sum((phase.lasted for phase in card.phases if phase.lasted), timedelta()) == card.rta


@settings(max_examples=12, deadline=None)
@given(
    takes=st.integers(20, 20_000), when=st.sampled_from(["proposed", "declared"]), lead=st.integers(500, 4000)
)
def test_the_phases_add_up_however_long_the_response_takes(tmp_path_factory, takes, when, lead):
    place = SimulatedPlace(SimulatedClock())
    scenario = small_scenario(
        timeline=[{"at": f"{lead}ms", "break": "kill-site", "site": "north"}],
        respond={"runbook": "failover", "with": {"to": "south"}, "when": when},
    )
    folder = tmp_path_factory.mktemp("drills") / "drill"
    response = Moves(place, takes=timedelta(milliseconds=takes))
    card = hold_drill(scenario, small_city(), place, response, folder, clock=place.clock)
    assert card.rta is not None
    assert sum((phase.lasted for phase in card.phases if phase.lasted is not None), timedelta()) == card.rta
    assert all(phase.lasted is not None and phase.lasted >= timedelta() for phase in card.phases)


@pytest.mark.parametrize("planted", [0, 1, 137])
def test_as_many_lost_writes_as_were_planted_are_reported(hold, place, planted):
    place.missing = planted
    card = hold()
    assert card.writes.lost == planted
    assert (card.rpa == timedelta()) is (planted == 0)
    assert len(card.writes.lost_first) == min(planted, 10)


def test_the_response_is_an_exercise_with_the_scenario_s_approvers(hold, place):
    response = Moves(place)
    hold(by=response)
    assert response.asked == [
        ("failover", {"to": "south"}, True, ("commander",)),
        ("failback", {"to": "north"}, True, ("commander",)),
    ]


def test_a_response_that_comes_late_is_recovered_target_missed(hold, place):
    targets = {"rto": "10s", "rpo": "30s", "mtpd": "4h", "approved_by": "dr-manager", "on": "2026-10-01"}
    card = hold(by=Moves(place, takes=timedelta(seconds=20)), service={"targets": targets})
    assert card.verdict.kind == "late"
    assert card.rta is not None
    assert expectation(card, "accepts writes").late_by == card.rta - timedelta(seconds=15)
    assert card.verdict.missed_by == card.rta - timedelta(seconds=10)
    assert card.verdict.headline.en == "Recovered, target missed by 00:08"


def test_two_primaries_fail_a_drill_that_was_in_time(hold, place):
    card = hold(by=Moves(place, fences=False), **PLANNED)
    assert card.verdict.kind == "failed"
    assert card.primaries is not None
    assert card.primaries.both_for > timedelta()


def test_a_primary_that_cannot_be_seen_makes_the_verdict_unknown(hold, place):
    def silence() -> None:
        place.looks()
        place.servers["north"].answers = False

    card = hold(by=Moves(place, instead={"failover": silence}, takes=timedelta(seconds=2)), afterwards=[])
    assert expectation(card, "two primaries").met is None
    assert card.verdict.kind == "unknown"


def test_a_message_without_the_mark_fails_the_drill(hold, place):
    card = hold(by=Moves(place, mark="Vigtigt"))
    assert card.verdict.kind == "failed"
    assert expectation(card, "exercise").met is False


def test_survivors_that_cannot_be_read_make_the_verdict_unknown(hold, place):
    place.sees_survivors = False
    card = hold(afterwards=["heal"])
    assert (card.writes.lost, card.rpa, card.verdict.kind) == (None, None, "unknown")
    assert any("could not be counted" in one.en for one in card.findings)


def test_a_response_that_refuses_to_begin_fails_the_drill_and_it_cleans_up(hold, place):
    def refuse() -> None:
        raise DidNothing("the standby does not answer", where="south-db/login", remedy="Start it")

    card = hold(by=Moves(place, instead={"failover": refuse}), afterwards=["heal"])
    assert card.verdict.kind == "failed"
    assert card.rta is None
    assert any("the standby does not answer" in one.en for one in card.findings)
    assert card.runs[0].outcome is Outcome.FAILED
    assert clean(place)


def test_a_run_that_fails_is_not_waited_for_beyond_the_limits(hold, place):
    card = hold(by=Moves(place, outcome=Outcome.FAILED, mark="x"), afterwards=["heal"])
    assert card.verdict.kind == "failed"
    assert any("failover has ended: failed" in one.en for one in card.verdict.because)


def test_what_may_be_proposed_is_foreseen_at_the_first_miss_and_asked_for_after_the_last(hold, place):
    foreseen, moves = [], Moves(place)
    card = hold(by=moves, foresee=lambda *asked: foreseen.append((place.clock.now(), asked)))
    assert [asked for _, asked in foreseen] == [("failover", {"to": "south"})]
    assert moves.asked[0][:2] == foreseen[0][1]
    assert card.declared is not None
    # Three misses, one a second: the first of them is two seconds before the proposal.
    assert card.declared - foreseen[0][0] == timedelta(seconds=2)


def test_nothing_is_foreseen_while_the_service_is_well(hold, place):
    foreseen = []
    hold(foresee=lambda *asked: foreseen.append(asked), timeline=[])
    assert foreseen == []


def test_nothing_proposed_means_nobody_responds(hold, place):
    response = Moves(place)
    card = hold(
        by=response,
        timeline=[{"at": "2s", "break": "kill-host", "host": "north-web"}],
        afterwards=["heal"],
    )
    assert response.asked == []
    assert any("proposed nothing in time" in one.en for one in card.findings)


def test_a_blip_that_proposes_nothing_is_passed(hold, place):
    held = {"at": "2s", "break": "stop-process", "host": "north-db", "program": "postgres"}
    blip = [held, {"at": "4500ms", "heal": "everything"}]
    expect = [{"that": "nothing is proposed", "within": "20s"}, {"that": "no two primaries"}]
    card = hold(timeline=blip, expect=expect, afterwards=[], by=_nobody, respond=None)
    assert card.verdict.kind == "passed", card.verdict.because
    assert card.declared is None


def _nobody(*args: object, **more: object) -> Responded:
    raise AssertionError("nobody was to respond")


def test_a_planned_move_costs_no_write_and_is_measured_from_the_declaration(hold):
    expect = [{"that": "lost writes", "at_most": 0}, {"that": "writes are refused", "at_most": "1s"}]
    card = hold(**PLANNED, expect=expect)
    assert card.verdict.kind == "passed"
    assert card.disrupted is not None
    assert card.declared is not None
    assert card.disrupted > card.declared
    assert card.rta == card.writes.refused_for
    assert (card.rta_from_declaration or timedelta()) > (card.rta or timedelta())


def test_a_drill_begins_only_when_the_service_is_well(hold, place):
    place.refuses_from_the_start = True
    with pytest.raises(SeawallError, match="nothing was broken"):
        hold()
    assert place.heals == 0
    assert clean(place)


def test_a_proposal_before_the_fault_is_no_detection(hold, place):
    def show(moment: Moment) -> None:
        place.proposed()
        place.refuses_from_the_start = "begin to write" in moment.what.en

    with pytest.raises(SeawallError, match="before anything was broken"):
        hold(show=show, timeline=[{"at": "20s", "break": "kill-site", "site": "north"}])
    assert clean(place)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
@pytest.mark.parametrize("when", ["failover", "failback"])
def test_whatever_breaks_a_drill_off_it_cleans_up_and_says_how_far_it_came(
    hold, place, tmp_path, error, when
):
    def broken_off() -> None:
        raise error

    with pytest.raises(error):
        hold(by=Moves(place, instead={when: broken_off}))
    assert clean(place)
    assert place.heals == 1
    card = read_scorecard(tmp_path / "drill-1")
    assert card.verdict.kind == "unknown"
    assert any("broken off" in one.en for one in card.verdict.because)
    assert any("not brought home" in one.en for one in card.findings)


@given(moment=st.integers(0, 8))
@settings(max_examples=9, deadline=None)
def test_ctrl_c_at_any_moment_leaves_nothing_behind(tmp_path_factory, moment):
    place = SimulatedPlace(SimulatedClock())
    shown = iter(range(100))

    def show(_: Moment) -> None:
        if next(shown) == moment:
            raise KeyboardInterrupt

    folder = tmp_path_factory.mktemp("drills") / "drill"
    try:
        hold_drill(small_scenario(), small_city(), place, Moves(place), folder, clock=place.clock, show=show)
    except KeyboardInterrupt:
        assert read_scorecard(folder).verdict.kind == "unknown"
    assert not place.open
    assert all(server.alive for server in place.servers.values())


def test_a_heal_that_fails_is_a_finding_and_the_measuring_still_ends(hold, place):
    place.heal_fails = True
    card = hold(afterwards=[])
    assert any("could not clean up" in one.en for one in card.findings)
    assert not place.open


def test_a_folder_is_for_one_drill(hold, tmp_path):
    hold()
    with pytest.raises(SeawallError, match="a drill in it already"):
        hold()


def test_a_service_that_does_not_say_its_site_is_not_known_to_be_there(hold, place):
    place.names_site = False
    assert expectation(hold(), "accepts writes").met is None


def test_writes_lost_on_the_way_home_are_counted_too(hold, place):
    def lose() -> None:
        place.missing = 7

    card = hold(by=Moves(place, instead={"failback": lose}))
    assert card.writes.lost == 7
    assert [run.lost for run in card.runs] == [0, 7]


def test_every_moment_is_shown_as_it_happens_and_kept_in_order(hold):
    shown: list[Moment] = []
    card = hold(show=shown.append)
    assert [one.what.en for one in shown][:4] == [
        "Users begin to write",
        "The north hall is lost: every machine there is killed",
        "A failover is proposed",
        "failover begins (the south hall)",
    ]
    assert [one.at for one in card.timeline] == sorted(one.at for one in card.timeline)
    assert {one.what.en for one in shown} < {one.what.en for one in card.timeline}


@pytest.mark.parametrize(("missing", "measured", "there"), [("RPO", "RPA", "rto"), ("RTO", "RTA", "rpo")])
def test_a_target_that_is_not_written_down_is_measured_and_not_judged_and_said(
    hold, missing, measured, there
):
    card = hold(service={"targets": {there: "10m"}, "without_it": None})
    assert card.verdict.kind == "passed"
    said = f"No {missing} is written down for this service; {measured} is measured, and not judged"
    assert said in [one.en for one in card.findings]
    page = scorecard_page(card, "en")
    assert "It is not written down who approved these targets" in page
    assert "not written down yet" in page


def test_a_service_without_targets_says_so(hold):
    card = hold(service={"targets": None})
    assert card.verdict.kind == "passed"
    assert any("Nobody has set targets" in one.en for one in card.findings)


def test_the_folder_holds_what_the_drill_rests_on(hold, tmp_path):
    card = hold()
    folder = tmp_path / "drill-1"
    names = {"drill.json", "ledger.jsonl", "scenario.json", "scorecard.html", "scorecard.da.html"}
    assert {one.name for one in folder.iterdir()} == names
    scenario = (folder / "scenario.json").read_bytes()
    assert hashlib.sha256(scenario).hexdigest() == card.scenario_digest
    assert Scenario.model_validate_json(scenario) == small_scenario()
    assert read_scorecard(folder) == card
    written = json.loads((folder / "drill.json").read_text(encoding="utf-8"))
    assert written["exercise"] is True
    assert written["rta"] == (card.rta or timedelta()).total_seconds()
    assert written["format"] == "seawall-scorecard/1"
