"""Nobody reads more than the runs, changes anything, or comes here from elsewhere through somebody's browser."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from console.web.app import web_app
from console.web.archive import Archive
from console.web.asked import preferred
from console.web.pages import Pages
from console.web.place import Surveyor
from console.web.rim import is_ours
from tests.console.web.conftest import Reader
from tests.console.web.console import a_server
from tests.console.web.kept import keep_run, make_place
from tests.examples import examples
from tests.seawall.report import stories

pytestmark = pytest.mark.slow  # a server answers

SECRET = "nobody-reads-this-8c1f"


def raw(address: str, request: bytes) -> bytes:
    """Send bytes as they are, and return what comes back until the other side closes."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(request)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    return answer


@pytest.mark.parametrize(
    "path", ["/", "/da/", "/en/nothing", "/style.css", "/alive", "/da/?kind=x", "/en/runs/x"]
)
def test_every_answer_tells_browsers_to_load_nothing_from_elsewhere(reader, path):
    headers = reader.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers
    if path not in ("/", "/alive"):
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy


def test_a_page_that_is_also_a_file_may_style_itself_and_nothing_more(reader):
    for address in (f"{reader.run('went-well')}/report", f"{reader.drill('drill-late')}/scorecard"):
        policy = reader.get(address).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert [one for one in policy.split("; ") if "unsafe" in one] == ["style-src 'unsafe-inline'"]


def test_pages_are_kept_by_nobody_and_the_stylesheet_is(reader):
    assert reader.get("/da/").headers["cache-control"] == "no-store"
    assert reader.get("/style.css").headers["cache-control"].startswith("max-age=")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/en/", "/da/runs/x", "/style.css", "/nothing"])
def test_only_reading_is_answered(reader, method, path):
    answer = reader.client.request(method, f"{reader.address}{path}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert "<h1>" in answer.text


def test_head_is_answered_as_get_is_without_a_body(reader):
    got, head = reader.get("/en/"), reader.client.head(f"{reader.address}/en/")
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil:80", "a b"]
)
def test_a_request_under_another_name_is_refused(reader, host):
    answer = reader.get("/en/", Host=host)
    assert answer.status_code == 421
    assert "Havnby" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["localhost", "localhost:7329", "127.0.0.1:1", "[::1]:7329", "LOCALHOST"])
def test_a_request_under_our_name_is_answered(reader, host):
    assert reader.get("/en/", Host=host).status_code == 200


def test_a_request_without_a_name_is_refused(reader):
    assert (
        b" 400 " in raw(reader.address, b"GET /en/ HTTP/1.1\r\nConnection: close\r\n\r\n").split(b"\r\n")[0]
    )
    assert b" 421 " in raw(reader.address, b"GET /en/ HTTP/1.0\r\n\r\n").split(b"\r\n")[0]


@given(st.text(max_size=40))
def test_no_name_but_ours_and_plain_addresses_is_ours(name):
    if is_ours(name, ()):
        assert re.fullmatch(
            r"(?i)localhost\.?(:\d*)?|[\d.]+(:\d*)?|\[?[\da-f:.]+(%[^\]]*)?\]?(:\d*)?", name
        ), name


@pytest.mark.parametrize(
    ("path", "danish", "english"),
    [
        ("nothing", "Den side findes ikke", "There is no such page"),
        ("runs/2026-11-21-0312-nothing-k3", "Den side findes ikke", "There is no such page"),
        ("runs/last", "Den side findes ikke", "There is no such page"),
        ("drills/x/scorecard", "Den side findes ikke", "There is no such page"),
        ("?kind=banana", "Adressen siger noget, siden ikke kender", "The address says something"),
        (
            "?ended=x&before=../../etc",
            "Adressen siger noget, siden ikke kender",
            "The address says something",
        ),
        ("?service=<script>", "Adressen siger noget, siden ikke kender", "The address says something"),
        ("?refresh=1", "Adressen siger noget, siden ikke kender", "The address says something"),
        ("?refresh=٣٠", "Adressen siger noget, siden ikke kender", "The address says something"),
    ],
)
def test_trouble_is_told_in_the_readers_language_and_the_same_clothes(reader, path, danish, english):
    for language, words in (("da", danish), ("en", english)):
        answer = reader.get(f"/{language}/{path}")
        assert answer.status_code == (400 if path.startswith("?") else 404)
        assert f'<html lang="{language}">' in answer.text
        assert words in answer.text
        assert f'href="/{language}/"' in answer.text
        assert "<script" not in answer.text


def test_a_mistake_of_ours_is_a_page_and_no_trace(tmp_path):
    class Broken(Pages):
        def history(self, asked):
            raise RuntimeError(SECRET)

    city = make_place(tmp_path / "city")
    archive = Archive(city / "runs", city / "drills")
    app = web_app(Broken(archive, Surveyor(city), lambda: stories.START, "0"), ())

    async def asked(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    for language, words in (("da", "Siden kunne ikke laves"), ("en", "The page could not be made")):
        answer = asyncio.run(asked(f"/{language}/"))
        assert answer.status_code == 500
        assert words in answer.text
        assert SECRET not in answer.text
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("da", "da"),
        ("en-US,en;q=0.9", "en"),
        ("de", "da"),
        ("", "da"),
        ("en;q=0.1,da;q=0.2", "da"),
        (",;q=,", "da"),
    ],
)
def test_the_front_page_is_in_the_browsers_language_and_else_in_danish(reader, accepts, language):
    answer = reader.get("/", **{"Accept-Language": accepts})
    assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/")


@given(st.text(max_size=200))
def test_any_wish_for_a_language_is_understood_somehow(accepts):
    assert preferred(accepts) in ("da", "en")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with a secret beside its runs, in its runs' folders, and behind links."""
    city = make_place(tmp_path_factory.mktemp("beside") / "city")
    run = keep_run(city, stories.went_well)
    (city / "runs" / "inbox").mkdir()
    for place in (city, city / "runs", city.parent, run.path, run.inbox_path):
        (place / "secret").write_text(SECRET)
    elsewhere = city.parent / "2026-01-01-0000-elsewhere-k3"
    run.path.rename(elsewhere)
    (elsewhere / "plan.json").write_text((elsewhere / "plan.json").read_text())
    (city / "runs" / "2026-01-01-0000-linked-k3").symlink_to(elsewhere)
    (city / "runs" / "2026-01-01-0000-file-k3").write_text(SECRET)
    return city


NASTY = (
    *("..", ".", "%2e%2e", "%2f", "..%2f..%2f", "\\", "//", "%00", "~", "%c0%ae", "etc/passwd"),
    *("secret", "inbox", "plan.json", "journal.jsonl", "report"),
    *(f"2026-01-01-0000-{one}-k3" for one in ("linked", "file", "elsewhere")),
)


@given(
    start=st.sampled_from(["/da/runs/", "/en/drills/", "/da/", "/", "/en/runs/../", "//"]),
    parts=st.lists(
        st.sampled_from(NASTY) | st.text(max_size=12).map(lambda one: quote(one, safe="")), max_size=6
    ),
    between=st.sampled_from(["/", "%2f", "", "%5c"]),
)
@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_leads_outside_the_runs(outside: Reader, start, parts, between):
    path = start + between.join(parts)
    request = f"GET {path.replace(' ', '%20')} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw(outside.address, request.encode())
    assert SECRET.encode() not in answer
    assert b"root:" not in answer
    assert b"Move Login to South Hall" not in answer
    assert answer.split(b" ")[1] in (b"200", b"302", b"400", b"404"), path


@pytest.fixture(scope="module")
def outside(beside: Path):
    with a_server(beside) as address, httpx.Client(timeout=60) as client:
        yield Reader(beside, address, {}, client)


def test_a_link_out_of_the_runs_is_no_run(outside):
    assert "linked" not in outside.text("/en/")
    assert outside.get("/en/runs/2026-01-01-0000-linked-k3").status_code == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e", ".", "%2e", "inbox", "%2e%2e%2fruns", "x" * 300])
@pytest.mark.parametrize("kind", ["runs", "drills"])
def test_a_folder_that_is_no_run_is_no_page(outside, kind, name):
    request = f"GET /en/{kind}/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert raw(outside.address, request.encode()).split(b" ")[1] == b"404"
