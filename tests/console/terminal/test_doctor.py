from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from connectors.doors import knock
from console.terminal.doctor import in_order, show_examination, unwell
from console.terminal.looks import Look
from console.terminal.rounds import GRACE, Limits, take_all
from console.terminal.screen import out
from seawall.actions import CheckUp
from seawall.errors import ExitCode, Finding
from seawall.targets import Endpoint


@pytest.fixture
def silent():
    """A port that answers nobody: its queue is full, so the kernel drops what comes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for one in fillers:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            yield Endpoint(address="127.0.0.1", port=listener.getsockname()[1])
        finally:
            for one in fillers:
                one.close()


@pytest.fixture
def refusing():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port meanwhile
        yield Endpoint(address="127.0.0.1", port=held.getsockname()[1])


@pytest.fixture
def answering():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield Endpoint(address="127.0.0.1", port=listener.getsockname()[1])


def well(what):
    return lambda _deadline: [CheckUp(what, well=True, saw="answers")]


@pytest.mark.slow
def test_a_knock_tells_a_closed_port_from_a_silent_one_from_an_open_one(silent, refusing, answering):
    shut = knock([silent, refusing, answering], within=0.5)
    assert shut[silent][1] is Finding.SILENT
    assert shut[refusing][1] is Finding.REFUSED
    assert answering not in shut


def test_a_closed_port_is_named_and_what_is_behind_it_not_waited_for(refusing):
    def never(_deadline):
        raise AssertionError

    (found,) = take_all([Look("ssh a", never, "a", (refusing,))], Limits(each=1, whole=5))
    assert (found.well, found.found) == (False, Finding.REFUSED)
    assert str(refusing) in found.saw
    assert str(refusing.port) in found.remedy


@pytest.mark.slow
def test_two_hundred_machines_of_which_most_are_dead_are_told_within_the_whole_limit(silent, answering):
    dead = [Look(f"ssh dead-{n}", well("never"), f"dead-{n}", (silent,)) for n in range(180)]
    alive = [Look(f"ssh live-{n}", well(f"ssh live-{n}"), f"live-{n}", (answering,)) for n in range(20)]
    began = time.monotonic()
    found = list(take_all([*dead, *alive], Limits(each=1, whole=30)))
    assert len(found) == 200
    assert sum(one.found is Finding.SILENT for one in found) == 180
    assert sum(bool(one.well) for one in found) == 20
    # One after another the dead alone would have taken 180 seconds; the limit is the rule that is guarded here.
    assert time.monotonic() - began < 30


@pytest.mark.slow
def test_a_look_that_hangs_is_not_known_and_hides_nothing_else():
    stop = threading.Event()
    hangs = Look("hung", lambda _deadline: [CheckUp("hung", well=stop.wait(60), saw="")], "h")
    try:
        found = {one.what: one for one in take_all([hangs, Look("other", well("other"))], Limits(1, 30))}
    finally:
        stop.set()
    assert found["other"].well
    assert (found["hung"].well, found["hung"].found) == (None, Finding.UNKNOWN)
    assert unwell(found.values()) == [found["hung"]]


@pytest.mark.slow
def test_what_there_was_no_time_for_is_not_known():
    stop = threading.Event()
    many = [Look(f"slow {n}", lambda _: [CheckUp("s", well=stop.wait(60), saw="")]) for n in range(60)]
    try:
        found = list(take_all(many, Limits(each=1, whole=int(GRACE))))
    finally:
        stop.set()
    assert len(found) == 60
    assert {one.well for one in found} == {None}
    assert any("no time left" in one.saw and "--total" in one.remedy for one in found)


def test_a_bug_in_one_look_is_one_line_and_not_the_end():
    def bug(_deadline):
        raise ZeroDivisionError

    found = {one.what: one for one in take_all([Look("a", bug), Look("b", well("b"))], Limits(1, 10))}
    assert found["b"].well
    assert found["a"].found is Finding.UNKNOWN
    assert "ZeroDivisionError" in found["a"].saw


def test_the_broken_come_first_then_the_unknown_then_what_only_warns(capsys):
    lines = [
        Look("well", well("well")),
        Look("warns", lambda _: [CheckUp("warns", well=False, saw="x")], only_warns=True),
        Look("unknown", lambda _: [CheckUp("unknown", well=None, saw="x")]),
        Look("broken", lambda _: [CheckUp("broken", well=False, saw="x")]),
    ]
    found = in_order(take_all(lines, Limits(1, 10)))
    assert [one.what for one in found] == ["broken", "unknown", "warns", "well"]
    show_examination(found, out(), as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "1 of 4 are well; 1 are not; 1 not known, which is not well. Looked only; nothing was changed" in said
    )


def test_doctor_changes_nothing_and_says_so(stage):
    before = stage.contents()
    said = stage("doctor")
    assert "nothing was changed" in said.out
    assert stage.contents() == before
    assert json.loads(stage("doctor", "--json").out)["changed"] is False


def test_a_name_that_nothing_has_is_refused_with_the_nearest(stage):
    said = stage("doctor", "--host", "nort")
    assert said.code == ExitCode.BAD_INPUT
    assert "--host nort" in said.err


def test_a_kind_of_file_without_needs_is_refused_with_the_line_that_was_meant(stage):
    said = stage("doctor", "--as", "sql")
    assert said.code == ExitCode.BAD_INPUT
    assert "seawall doctor --needs --as sql" in said.err
