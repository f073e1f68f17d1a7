"""`skip`, `retry`, `undo`, `freeze`, `thaw`: what a person decides when a run ended badly, or before one begins."""

from __future__ import annotations

import json

import pytest

from seawall.errors import ExitCode
from seawall.journal import Approved, Asked, Ended, Outcome, Retried, Skipped, Started
from seawall.journal_file import has_ended, read_journal

NESTED = """\
runbook: evening
title: Make the evening
why: It is late
parameters:
  lamp: {type: choice, of: [red, green, broken, cut, dead], default: green}
confirm: "{{ lamp }}"
steps:
  - id: lamps
    does: Light them
    runbook: blink
    with: {lamp: "{{ lamp }}"}
  - id: warm
    after: [lamps]
    does: Warm the other one
    uses: lamp.on
    with: {lamp: warm}
"""
TAKES = """\
runbook: taking
title: Take what was seen
why: To try
parameters: {}
confirm: taking
steps:
  - id: light
    does: Light the broken one
    uses: lamp.on
    with: {lamp: broken}
  - id: next
    after: [light]
    does: Light the next, by what was seen of the one before
    uses: lamp.on
    with: {lamp: next, before: {from: light}}
"""
RESTS = """\
runbook: rests
title: Light a lamp that is out
why: To try
parameters:
  lamp: {type: choice, of: [red, green, broken, cut, dead], default: green}
confirm: "{{ lamp }}"
facts:
  out:
    uses: lamp.look
    with: {lamp: "{{ lamp }}"}
    within: 1s
    expect: {on: false}
steps:
  - id: light
    does: Light it
    uses: lamp.on
    with: {lamp: "{{ lamp }}"}
    approve: {by: incident-commander, within: 100ms}
  - id: other
    after: [light]
    does: Light another
    uses: lamp.on
    with: {lamp: other}
"""


@pytest.fixture
def town(stage):
    for name, text in (("evening", NESTED), ("taking", TAKES), ("rests", RESTS)):
        stage.write(f"runbooks/{name}.yaml", text)
    stage.without_places()
    return stage


def events(stage, words="last"):
    return read_journal(stage.run(words).journal_path)


class TestSkip:
    def test_a_failed_step_inside_another_runbook_is_left_out_and_the_rest_is_done(self, town):
        assert town("run", "evening", "lamp=broken", "--yes", "broken").code == ExitCode.FAILED
        said = town("skip", "last", "lamps/light", "--why", "no bulbs in the house", "--as", "anna")
        assert said.code == ExitCode.FAILED  # its look does not see it lit
        said = town("skip", "last", "lamps/look", "--why", "we know", "--as", "anna")
        assert said.code == ExitCode.DONE, said
        assert town.lit("warm")
        assert [(one.step, one.by, one.why) for one in events(town) if isinstance(one, Skipped)] == [
            ("lamps/light", "anna", "no bulbs in the house"),
            ("lamps/look", "anna", "we know"),
        ]
        shown = town("show", "last").out
        assert "skipped by anna: no bulbs in the house" in shown
        assert "left out" in json.loads(town("report", "last", "--json").out)["verdict"]["en"]

    def test_a_step_that_needs_what_it_would_have_seen_cannot_run_and_that_is_said(self, town):
        assert town("run", "taking", "--yes", "taking").code == ExitCode.FAILED
        said = town("skip", "last", "light", "--why", "later", "--as", "anna")
        assert said.code == ExitCode.FAILED
        assert "next needs what light would have seen, and cannot run" in said.out
        assert "it was skipped, or a person answered for it" in said.out
        assert not town.lit("next")

    @pytest.mark.parametrize("command", ["skip", "retry"])
    def test_a_reason_is_asked_for(self, town, command):
        town("run", "blink", "lamp=broken", "--yes", "broken")
        before = town.contents()
        said = town(command, "last", "light", "--as", "anna")
        assert said.code == ExitCode.BAD_INPUT
        assert "no reason is given" in said.err
        assert town.contents() == before

    @pytest.mark.parametrize("command", ["skip", "retry"])
    @pytest.mark.parametrize(
        ("step", "told"), [("look", "did not fail; it stands: waiting"), ("lok", "has no step lok")]
    )
    def test_what_did_not_fail_is_left_as_it_is(self, town, command, step, told):
        town("run", "blink", "lamp=broken", "--yes", "broken")
        before = town.contents()
        said = town(command, "last", step, "--why", "because", "--as", "anna")
        assert said.code == ExitCode.BAD_INPUT
        assert told in said.err
        assert town.contents() == before

    @pytest.mark.parametrize("command", ["skip", "retry"])
    def test_a_run_that_was_stopped_stays_stopped(self, town, command):
        town.impatient()
        town("run", "light", "--yes", "green")
        town("abort", "last", "--why", "enough", "--as", "anna")
        said = town(command, "last", "light", "--why", "because", "--as", "anna")
        assert said.code == ExitCode.BAD_INPUT
        assert "stays stopped" in said.err


class TestRetry:
    def test_it_is_tried_again_and_the_run_ends_well(self, town):
        assert town("run", "taking", "--yes", "taking").code == ExitCode.FAILED
        assert town("retry", "last", "light", "--why", "a new bulb", "--as", "bo").code == ExitCode.FAILED
        assert [one.by for one in events(town) if isinstance(one, Retried)] == ["bo"]
        assert len([one for one in events(town) if isinstance(one, Started)]) == 2
        assert has_ended(town.run().journal_path)

    def test_a_refused_step_asks_again_and_the_old_yes_does_not_count(self, town):
        town.impatient()
        town("run", "light", "--yes", "green")
        town("answer", "last", "light", "no", "--as", "commander")
        assert town("resume", "last").code == ExitCode.FAILED
        assert town("retry", "last", "light", "--why", "now we may", "--as", "anna").code == ExitCode.IN_DOUBT
        assert not town.lit("green")
        assert len([one for one in events(town) if isinstance(one, Asked) and one.step == "light"]) == 2
        town("answer", "last", "light", "yes", "--as", "commander")
        town("resume", "last")
        assert town.lit("green")

    def test_a_refused_step_is_left_out_by_who_says_yes_to_it_and_nobody_else(self, town):
        town.impatient()
        town("run", "light", "--yes", "green")
        town("answer", "last", "light", "no", "--as", "commander")
        town("resume", "last")
        said = town("skip", "last", "light", "--why", "we do without", "--as", "anna")
        assert said.code == ExitCode.BAD_INPUT
        assert "anna is not incident-commander, who says how it goes on with light" in " ".join(
            said.err.split()
        )
        assert "Ask one of those who may: commander (telephone" in said.err
        assert not [one for one in events(town) if isinstance(one, Skipped)]
        town("skip", "last", "light", "--why", "we do without", "--as", "deputy-commander")
        assert [one.by for one in events(town) if isinstance(one, Skipped)] == ["deputy-commander"]

    def test_others_have_worked_on_it_since(self, town):
        town.write("runbooks/evening.yaml", NESTED)
        town("run", "evening", "lamp=broken", "--yes", "broken")
        first = town.run().id
        assert town("run", "evening", "lamp=green", "--yes", "green").code == ExitCode.DONE
        said = town("retry", first, "lamps/light", "--why", "again", "--as", "anna")
        assert said.code == ExitCode.FAILED
        assert "has worked on runbook:evening since this one" in said.err


class TestNoLongerHolds:
    def test_a_plan_that_is_not_so_is_refused_and_says_what_is(self, town):
        (town.lamps / "green").write_text("x")
        before = town.contents()
        said = town("plan", "rests")
        assert said.code == ExitCode.STALE
        assert "out: expected on is false, saw True" in said.err
        assert town.contents() == before

    def test_a_plan_for_what_cannot_be_seen_is_refused_too(self, town):
        said = town("plan", "rests", "lamp=dead")
        assert said.code == ExitCode.STALE
        assert "cannot be told: out: lamp dead: no answer" in said.err
        assert "seawall pretend" in said.err
        assert town("pretend", "rests", "lamp=dead").code == ExitCode.DONE

    def test_what_changes_while_people_think_ends_the_run_with_a_code_of_its_own(self, town):
        assert town("run", "rests", "--yes", "green").code == ExitCode.IN_DOUBT
        (town.lamps / "green").write_text("x")
        town("answer", "last", "light", "yes", "--as", "commander")
        said = town("resume", "last")
        assert said.code == ExitCode.STALE
        assert "the plan no longer holds: out: expected on is false, saw True" in said.out
        end = events(town)[-1]
        assert isinstance(end, Ended)
        assert end.outcome is Outcome.NO_LONGER_HOLDS
        assert not town.lit("other")
        assert "Plan no longer holds".upper() in said.out

    def test_the_yes_was_for_that_world_and_is_asked_for_again(self, town):
        town("run", "rests", "--yes", "green")
        (town.lamps / "green").write_text("x")
        town("answer", "last", "light", "yes", "--as", "commander")
        town("resume", "last")
        (town.lamps / "green").unlink()
        said = town("retry", "last", "light", "--why", "it was put out", "--as", "anna")
        assert said.code == ExitCode.IN_DOUBT
        assert not town.lit("green")
        assert len([one for one in events(town) if isinstance(one, Approved)]) == 1


class TestUndo:
    def test_it_takes_back_what_was_done_the_last_first(self, town):
        assert town("run", "evening", "--yes", "green").code == ExitCode.DONE
        done = town.run().id
        said = town("undo", done, "--yes", "green", "--as", "anna")
        assert said.code == ExitCode.DONE, said
        assert not town.lit("green")
        assert not town.lit("warm")
        started = [one.step for one in events(town) if isinstance(one, Started)]
        assert started == ["undo/warm", "undo/lamps/light"]
        assert town.run().plan.undoes == done

    def test_twice_is_once_too_often(self, town):
        town("run", "evening", "--yes", "green")
        done = town.run().id
        town("undo", done, "--yes", "green")
        before = town.contents()
        said = town("undo", done, "--yes", "green")
        assert said.code == ExitCode.FAILED
        assert "it was taken back already, by run" in said.err
        assert town.contents() == before

    def test_a_kept_plan_is_run_like_any_other_and_only_once(self, town):
        town("run", "evening", "--yes", "green")
        file = town.city / "undo.json"
        said = town("undo", "last", "-o", file)
        assert said.code == ExitCode.DONE
        assert f"Next: seawall run {file}" in said.out
        assert town.lit("green")
        assert town("run", file, "--yes", "green").code == ExitCode.DONE
        assert not town.lit("green")
        assert town("run", file, "--yes", "green").code == ExitCode.FAILED

    def test_what_has_not_ended_is_not_taken_back(self, town):
        town.impatient()
        town("run", "light", "--yes", "green")
        said = town("undo", "last", "--yes", "green")
        assert said.code == ExitCode.BAD_INPUT
        assert "abort" in said.err
        assert "--undo" in said.err

    def test_what_changed_nothing_leaves_nothing_to_take_back(self, town):
        town("run", "look")
        said = town("undo", "last")
        assert said.code == ExitCode.BAD_INPUT
        assert "it changed nothing" in said.err


class TestFreeze:
    def test_places_that_were_not_told_are_named(self, stage):
        said = stage("freeze", "--why", "water", "--as", "anna", "--json")
        assert said.code == ExitCode.UNREACHABLE
        assert json.loads(said.out)["places_not_told"] == ["north", "south", "witness"]
        assert "FROZEN by anna" in stage("status").out

    def test_it_is_seen_by_whoever_starts_something_which_goes_on(self, town):
        assert town("freeze", "--why", "water in the hall", "--as", "anna").code == ExitCode.DONE
        said = town("run", "blink", "--yes", "green")
        assert said.code == ExitCode.DONE
        assert "FROZEN by anna" in said.out
        assert "water in the hall" in said.out

    def test_only_a_person_of_the_city_lifts_it(self, town):
        town("freeze", "--why", "water", "--as", "anna")
        said = town("thaw", "--why", "dry", "--as", "nobody-we-know")
        assert said.code == ExitCode.BAD_INPUT
        assert "FROZEN" in town("run", "look").out
        assert town("thaw", "--why", "dry", "--as", "commander").code == ExitCode.DONE
        assert "FROZEN" not in town("run", "look").out

    def test_status_says_it_first_in_both_languages_and_as_json(self, town, monkeypatch):
        town("freeze", "--why", "water", "--as", "anna")
        assert "FROZEN by anna" in town("status").out
        assert json.loads(town("status", "--json").out)["freezes"][0]["why"] == "water"
        monkeypatch.setenv("SEAWALL_LANGUAGE", "da")
        assert "FROSSET af anna" in town("status").out
