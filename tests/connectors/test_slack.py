from __future__ import annotations

import json
import socket

import pytest

from connectors.memory.secrets import SecretsInMemory
from connectors.memory.slack import WorkspaceInMemory
from connectors.slack import BLOCKS, FALLBACK, HEADER, SECTION, Slack, SlackSdk
from connectors.telling import Audiences
from seawall.actions import World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.messages import MARK
from seawall.model import Text
from seawall.targets import SlackWorkspace
from seawall.trial_letter import TRIAL, trial_letter
from tests.connectors.servers import SECRETS, hanging_up, lab_vault, misbehaving, occasion

WORKSPACE = SlackWorkspace(url="http://127.0.0.1:9/api/", token="env:TOKEN")
CHANNELS = Audiences(channels={"operations": "C0OPERATION", "elsewhere": "C0ELSEWHERE"})
MESSAGE = {
    "subject": {"en": "Login is back", "da": "Login virker igen"},
    "body": {"en": "All is <!channel> well & good", "da": "Alt er godt"},
}


class SlackContract:
    """What every world with `slack.*` must do. `posted` reads every message so far: channel, text, blocks."""

    @pytest.fixture
    def slack(self):
        raise NotImplementedError

    @pytest.fixture
    def workspace(self) -> SlackWorkspace:
        raise NotImplementedError

    @pytest.fixture
    def posted(self):
        raise NotImplementedError

    @pytest.fixture
    def channel(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def people(self, channel):
        return Audiences(channels={"operations": channel, "elsewhere": "C0ELSEWHERE"})

    @pytest.fixture
    def world(self, slack, workspace, people):
        with World(Slack(workspace, people, slack)) as world:
            yield world

    def test_a_message_is_in_its_audiences_channel_as_blocks_and_as_text(self, world, posted, channel):
        args = {"audience": "operations", "message": MESSAGE}
        told = world.perform("slack.post", args, occasion(exercise=False, run="run-7", step="tell"))
        assert (told.audience, told.channel, told.people) == ("operations", "slack", None)
        ((where, text, (header, section, context)),) = posted()
        assert where == channel
        assert header == {"type": "header", "text": plain("Login virker igen / Login is back")}
        assert section == {
            "type": "section",
            "text": plain("Alt er godt\n\n---\n\nAll is <!channel> well & good"),
        }
        assert "run-7" in json.dumps(context)
        assert text.startswith("Login virker igen / Login is back\n\nAlt er godt")

    def test_what_is_written_calls_nobody(self, world, posted):
        world.perform("slack.post", {"audience": "operations", "message": MESSAGE}, occasion())
        ((_, text, blocks),) = posted()
        assert "<" not in text
        assert {block["text"]["type"] for block in blocks if "text" in block} == {"plain_text"}

    def test_a_message_of_an_exercise_begins_with_the_mark(self, world, posted):
        world.perform("slack.post", {"audience": "operations", "message": MESSAGE}, occasion(exercise=True))
        ((_, text, blocks),) = posted()
        assert text.startswith(MARK)
        assert blocks[0]["text"]["text"].startswith(MARK)

    def test_a_long_message_is_cut_where_slack_would_refuse_it(self, world, posted):
        body = "\n\n".join(f"{number} " + "ord " * 200 for number in range(30))
        message = {"subject": "S" * 400, "body": body}
        world.perform("slack.post", {"audience": "operations", "message": message}, occasion())
        huge = {"subject": "S", "body": "x" * (SECTION * 60)}
        world.perform("slack.post", {"audience": "operations", "message": huge}, occasion())
        for _, text, blocks in posted():
            assert len(text) <= FALLBACK
            assert len(blocks) <= BLOCKS
            assert len(blocks[0]["text"]["text"]) <= HEADER
            assert all(0 < len(block["text"]["text"]) <= SECTION for block in blocks[:-1])
        ((_, _, blocks), (_, _, cut)) = posted()
        assert [word for block in blocks[1:-1] for word in block["text"]["text"].split()] == [
            MARK.split()[0],
            *f"/ EXERCISE: {'S' * 400} {MARK} {body}".split(),
        ]
        assert cut[-2]["text"]["text"] == "…"

    def test_an_audience_without_a_channel_is_the_wrong_target(self, world, posted):
        with pytest.raises(WrongTarget, match="there are elsewhere, operations"):
            world.perform("slack.post", {"audience": "unheard-of", "message": MESSAGE}, occasion())
        assert posted() == []

    def test_a_channel_slack_does_not_know_is_refused_with_what_to_do(self, world, posted):
        with pytest.raises(DidNothing, match="channel_not_found") as refusal:
            world.perform("slack.post", {"audience": "elsewhere", "message": MESSAGE}, occasion())
        assert "channel id" in refusal.value.remedy
        assert posted() == []

    def test_a_test_is_posted_to_one_channel_and_says_so_in_both_languages(
        self, slack, workspace, people, posted, channel
    ):
        words = trial_letter(city=Text(en="Havnby"), whom="commander", by="anna", language="en")
        Slack(workspace, people, slack).try_to_reach("commander", channel, words, occasion(exercise=False))
        ((where, text, blocks),) = posted()
        assert where == channel
        assert text.startswith(TRIAL)
        assert blocks[0]["text"]["text"].startswith(TRIAL)
        assert blocks[1]["text"]["text"].startswith(TRIAL)
        assert "Nothing has happened" in text

    def test_a_member_whom_slack_does_not_know_is_refused(self, slack, workspace, people, posted):
        words = trial_letter(city=Text(en="Havnby"), whom="commander", by="anna", language="en")
        with pytest.raises(DidNothing, match="channel_not_found"):
            Slack(workspace, people, slack).try_to_reach("commander", "U0NOBODY", words, occasion())
        assert posted() == []

    def test_the_check_up_posts_nothing(self, slack, workspace, people, posted, in_time):
        (line,) = Slack(workspace, people, slack).check(in_time())
        assert (line.well, line.saw) == (True, "knows us as seawall")
        assert posted() == []


def plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


class TestMemory(SlackContract):
    @pytest.fixture
    def slack(self):
        return WorkspaceInMemory(channels={"C0OPERATION"})

    @pytest.fixture
    def workspace(self):
        return WORKSPACE

    @pytest.fixture
    def channel(self):
        return "C0OPERATION"

    @pytest.fixture
    def posted(self, slack):
        return lambda: [(one.channel, one.text, list(one.blocks)) for one in slack.posted]

    def test_a_workspace_that_is_down_was_sent_nothing(self, world, slack):
        slack.down = True
        with pytest.raises(Unreachable):
            world.perform("slack.post", {"audience": "operations", "message": MESSAGE}, occasion())


@pytest.mark.lab
class TestLab(SlackContract):
    @pytest.fixture
    def slack(self):
        return SlackSdk(lab_vault())

    @pytest.fixture
    def workspace(self, lab):
        return lab.slack

    @pytest.fixture
    def channel(self, lab):
        return lab.slack_channels[0]

    @pytest.fixture
    def posted(self, lab):
        def lines():
            file = lab.slack_messages
            return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

        before = len(lines())
        return lambda: [(one["channel"], one["text"], one["blocks"]) for one in lines()[before:]]

    def test_a_wrong_token_is_refused_and_not_shown(self, slack, workspace, posted, people):
        wrong = workspace.model_copy(update={"token": "env:OTHER"})
        with pytest.raises(DidNothing, match="invalid_auth") as refusal:
            World(Slack(wrong, people, slack)).perform(
                "slack.post", {"audience": "operations", "message": MESSAGE}, occasion()
            )
        assert SECRETS["env:OTHER"] not in str(refusal.value)
        assert posted() == []


def answering(status: str, body: bytes):
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"

    def conduct(line: socket.socket) -> None:
        line.recv(1 << 16)
        line.sendall(head.encode() + body)

    return conduct


@pytest.mark.parametrize(
    ("conduct", "error"),
    [
        (answering("200 OK", b'{"ok": false, "error": "is_archived"}'), DidNothing),
        (answering("429 Too Many Requests", b'{"ok": false, "error": "ratelimited"}'), DidNothing),
        (answering("200 OK", b'{"ok": false, "error": "internal_error"}'), MayHaveActed),
        (answering("200 OK", b'["not", "an", "object"]'), MayHaveActed),
        (answering("500 Internal Server Error", b"oh no"), MayHaveActed),
        (
            answering("503 Service Unavailable", b'{"ok": false, "error": "service_unavailable"}'),
            MayHaveActed,
        ),
        (answering("200 OK", b"<html>a portal's page</html>"), MayHaveActed),
        (hanging_up, MayHaveActed),
    ],
)
def test_a_post_is_in_doubt_unless_slack_refused_it(conduct, error):
    with misbehaving(conduct) as port:
        workspace = WORKSPACE.model_copy(update={"url": f"http://127.0.0.1:{port}/api/"})
        world = World(Slack(workspace, CHANNELS, SlackSdk(SecretsInMemory(SECRETS))))
        with pytest.raises(error) as raised:
            world.perform("slack.post", {"audience": "operations", "message": MESSAGE}, occasion(2))
    assert type(raised.value) is error
    assert raised.value.remedy


def test_slack_is_asked_once_whatever_it_answers():
    asked = []

    def conduct(line: socket.socket) -> None:
        asked.append(line.recv(1 << 16))
        line.shutdown(socket.SHUT_RDWR)

    with misbehaving(conduct) as port:
        workspace = WORKSPACE.model_copy(update={"url": f"http://127.0.0.1:{port}/api/"})
        with pytest.raises(MayHaveActed):
            World(Slack(workspace, CHANNELS, SlackSdk(SecretsInMemory(SECRETS)))).perform(
                "slack.post", {"audience": "operations", "message": MESSAGE}, occasion(5)
            )
    assert len(asked) == 1


def test_without_a_workspace_nothing_is_posted_and_the_check_up_says_so(in_time):
    slack = Slack(None, CHANNELS, WorkspaceInMemory())
    with pytest.raises(DidNothing, match="no Slack workspace is named"):
        World(slack).perform("slack.post", {"audience": "operations", "message": MESSAGE}, occasion())
    (line,) = slack.check(in_time())
    assert line.well is False
