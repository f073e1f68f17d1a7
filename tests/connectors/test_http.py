from __future__ import annotations

import hashlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.http import EXCERPT, LONGEST, AddressArgs, Http, Httpx, Request, Response, _found, _why
from connectors.memory.http import WebInMemory
from connectors.memory.secrets import SecretsInMemory
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from tests.connectors.servers import SECRETS, misbehaving, occasion

TOKEN = SECRETS["env:BEARER"]
GONE = "http://127.0.0.1:9"


class Service:
    """A small service: it shows its state, counts its changes, and answers what the path says."""

    def __init__(self) -> None:
        self.changed: list[bytes | None] = []
        self.keys: list[str | None] = []

    def answer(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        if path.startswith("/status/"):
            return Response(int(path.removeprefix("/status/")), b"as asked")
        if path == "/secret":
            return Response(200 if request.token == TOKEN else 401, f"you are {request.token}".encode())
        if path == "/large":
            return Response(200, b"x" * (LONGEST + 10))
        if path == "/elsewhere":
            return Response(307, b"")
        if request.changes:
            self.changed.append(request.body)
            self.keys.append(request.headers.get("Idempotency-Key"))
            return Response(201, b'{"done": true}')
        return Response(200, json.dumps({"database": {"site": "north"}, "lags": [0, 7], "up": True}).encode())


class HttpContract:
    """What every world with `http.*` must do, before a `Service` at `url`."""

    @pytest.fixture
    def service(self):
        return Service()

    @pytest.fixture
    def web(self, service):
        raise NotImplementedError

    @pytest.fixture
    def url(self, web) -> str:
        raise NotImplementedError

    @pytest.fixture
    def world(self, web):
        vault = SecretsInMemory(SECRETS)
        with World(Http(web, vault), vault=vault) as world:
            yield world

    def test_a_get_shows_status_digest_and_size_and_no_more(self, world, url, service):
        answer = world.perform("http.get", {"url": f"{url}/state"}, occasion())
        body = service.answer(Request("GET", "/state")).body
        assert (answer.status, answer.sha256, answer.bytes) == (
            200,
            hashlib.sha256(body).hexdigest(),
            len(body),
        )
        assert (answer.found, answer.excerpt) == (None, None)

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("database.site", "north"),
            ("lags.1", "7"),
            ("up", "true"),
            ("database", '{"site": "north"}'),
            ("database.host", None),
            ("lags.9", None),
            ("lags.x", None),
        ],
    )
    def test_a_get_finds_what_stands_at_a_place_in_json(self, world, url, path, found):
        assert world.perform("http.get", {"url": url, "look_up": path}, occasion()).found == found

    def test_an_excerpt_is_shown_only_when_asked_for_and_is_short(self, world, url):
        answer = world.perform("http.get", {"url": f"{url}/large", "excerpt": True}, occasion())
        assert answer.excerpt == "x" * EXCERPT
        assert answer.bytes == LONGEST

    def test_a_get_with_another_status_is_an_error_unless_any_will_do(self, world, url):
        with pytest.raises(DidNothing, match="it answered 503 Service Unavailable and not 200"):
            world.perform("http.get", {"url": f"{url}/status/503"}, occasion())
        assert (
            world.perform("http.get", {"url": f"{url}/status/503", "expect_status": None}, occasion()).status
            == 503
        )

    def test_a_redirect_is_shown_and_not_followed(self, world, url):
        args = {"url": f"{url}/elsewhere", "expect_status": 307}
        assert world.perform("http.get", args, occasion()).status == 307

    def test_a_token_goes_along_and_is_shown_nowhere(self, world, url):
        args = {"url": f"{url}/secret", "bearer": "env:BEARER", "excerpt": True}
        answer = world.perform("http.get", args, occasion())
        assert answer.status == 200
        assert TOKEN not in repr(answer)

    def test_a_probe_tells_up_from_down_and_raises_nothing(self, world, url):
        up = world.perform("http.probe", {"url": url}, occasion())
        assert (up.holds, up.status) == (True, 200)
        assert up.took is not None
        ill = world.perform("http.probe", {"url": f"{url}/status/500"}, occasion())
        assert (ill.holds, ill.status) == (False, 500)
        gone = world.perform("http.probe", {"url": GONE}, occasion())
        assert (gone.holds, gone.status, gone.took) == (False, None, None)

    def test_a_request_arrives_once_with_its_body(self, world, url, service):
        args = {"url": f"{url}/switch", "method": "POST", "json_body": {"to": "syd", "æ": [1, None]}}
        assert world.perform("http.request", args, occasion()).status == 201
        assert [json.loads(body) for body in service.changed] == [{"to": "syd", "æ": [1, None]}]

    def test_one_step_of_one_run_has_one_number_and_no_other_has_it(self, world, url, service):
        args = {"url": f"{url}/switch", "method": "POST"}
        for run, step in (("run-1", "a"), ("run-1", "a"), ("run-1", "b"), ("run-2", "a")):
            world.perform("http.request", args, occasion(run=run, step=step))
        world.perform("http.request", {**args, "idempotency_header": ""}, occasion())
        first, again, other, another, none = service.keys
        assert (first == again, none) == (True, None)
        assert len({first, other, another}) == 3

    @pytest.mark.parametrize(
        ("status", "expected", "error"),
        [
            (200, 204, MayHaveActed),
            (400, None, DidNothing),
            (404, None, DidNothing),
            (409, None, DidNothing),
            (302, None, DidNothing),
            (500, None, MayHaveActed),
            (503, None, MayHaveActed),
        ],
    )
    def test_a_request_is_in_doubt_unless_it_was_refused(self, world, url, status, expected, error):
        args = {"url": f"{url}/status/{status}", "method": "PUT", "expect_status": expected}
        with pytest.raises(error) as raised:
            world.perform("http.request", args, occasion())
        assert type(raised.value) is error
        assert raised.value.remedy

    def test_a_refusal_that_was_expected_is_an_answer(self, world, url):
        args = {"url": f"{url}/status/404", "method": "DELETE", "expect_status": 404}
        assert world.perform("http.request", args, occasion()).status == 404

    def test_who_does_not_answer_was_sent_nothing_and_the_query_is_not_shown(self, world, web, in_time):
        for name, more in (("get", {}), ("request", {"method": "POST"})):
            with pytest.raises(Unreachable) as refusal:
                world.perform(f"http.{name}", {"url": f"{GONE}/a?key=hush", **more}, occasion())
            assert "hush" not in str(refusal.value)
        (line,) = Http(web, SecretsInMemory({})).check([GONE], in_time())
        assert line.well is False

    def test_the_check_up_sees_that_something_answers(self, web, url, in_time):
        (line,) = Http(web, SecretsInMemory({})).check([f"{url}/status/404"], in_time())
        assert (line.well, line.saw) == (True, "answers with 404")


class TestMemory(HttpContract):
    @pytest.fixture
    def web(self, service):
        return WebInMemory({"http://service.example": service.answer})

    @pytest.fixture
    def url(self, web):
        return "http://service.example"


class TestReal(HttpContract):
    @pytest.fixture
    def web(self):
        web = Httpx()
        yield web
        web.close()

    @pytest.fixture
    def url(self, service):
        class Conversation(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
                headers = {name: value for name, value in self.headers.items() if name.startswith("Idem")}
                response = service.answer(Request(self.command, self.path, headers, token, body))
                self.send_response(response.status)
                self.send_header("Content-Length", str(len(response.body)))
                self.send_header("Location", "/")
                self.end_headers()
                self.wfile.write(response.body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the standard library looks for these

            def log_message(self, *_):
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A client that hangs up in the middle of a large answer is what is tested."""

        server = Server(("127.0.0.1", 0), Conversation)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_whose_answer_was_lost_is_in_doubt_and_never_sent_again(method):
    heard: list[bytes] = []

    def hangs_up(line: socket.socket) -> None:
        heard.append(line.recv(1 << 16))
        line.close()

    vault = SecretsInMemory({})
    with misbehaving(hangs_up) as port, World(Http(Httpx(), vault)) as world:
        args = {"url": f"http://127.0.0.1:{port}/switch", "method": method}
        with pytest.raises(MayHaveActed):
            world.perform("http.request", args, occasion())
        world.perform("http.probe", {"url": f"http://127.0.0.1:{port}/later"}, occasion())
    assert [one.split()[:2] for one in heard if b"/switch" in one] == [[method.encode(), b"/switch"]]


@pytest.mark.parametrize(
    "change",
    [
        {"url": "file:///etc/passwd"},
        {"url": "http://user:hush@127.0.0.1/"},
        {"url": "http://"},
        {"url": "http://127.0.0.1/a b"},
        {"url": "http://127.0.0.1/\r\nX: y"},
        {"headers": {"Authorization": "Bearer hush"}},
        {"headers": {"X-Api-Key": "hush"}},
        {"headers": {"cookie": "a=b"}},
        {"headers": {"X-A": "b\r\nX-C: d"}},
        {"headers": {"X A": "b"}},
        {"bearer": "hush"},
    ],
)
def test_what_would_write_a_credential_down_or_add_a_header_is_refused(change):
    with pytest.raises(ValidationError):
        AddressArgs.model_validate({"url": "http://127.0.0.1/", **change})


@given(
    st.binary(max_size=50)
    | st.recursive(st.none() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(
        lambda x: json.dumps(x).encode()
    ),
    st.text(max_size=8),
)
def test_looking_up_finds_text_or_nothing(body, path):
    found = _found(body, path)
    assert found is None or isinstance(found, str)


def test_a_name_that_cannot_be_found_is_said_in_words():
    assert _why(httpx.ConnectError("[Errno -2] Name or service not known")) == "its name leads nowhere"
    assert _why(httpx.ConnectError("[Errno 111] Connection refused")) == "[Errno 111] Connection refused"
