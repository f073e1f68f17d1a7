"""A drill stays a drill: what leaves in an exercise says so first, over every channel and whatever it is about."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header

from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.mail import Mail
from connectors.memory.mail import PostInMemory
from connectors.memory.slack import WorkspaceInMemory
from connectors.reference import every_action
from connectors.slack import Slack
from connectors.telling import Audiences
from seawall.actions import World
from seawall.messages import MARK, Message
from seawall.model import Text
from seawall.targets import MailRelay, SlackWorkspace
from tests.connectors.servers import occasion

PEOPLE = Audiences(addresses={"all": ("a@b.example",)}, channels={"all": "C0"})
RELAY = MailRelay(address="127.0.0.1", sender="seawall@havnby.example")
WORKSPACE = SlackWorkspace(token="env:TOKEN")
EVIL = [
    "",
    " ",
    "\n",
    "\r\nBcc: x@y.example",
    "\r\n\r\n.\r\nQUIT",
    "\u2028",
    "\x0b",
    "\x00",
    "=?utf-8?q?a?=",
    "<!channel>",
    MARK,
]

words = st.lists(st.text(max_size=40) | st.sampled_from(EVIL), max_size=6).map("".join)
texts = st.builds(Text, en=words, da=st.none() | words)
messages = st.builds(Message, subject=texts, body=texts)
long = st.builds(
    Message,
    subject=st.builds(Text, en=words.map(lambda t: t * 40)),
    body=st.builds(Text, en=words.map(lambda t: t * 900)),
)


def as_mailed(message: Message, *, exercise: bool) -> tuple[list[str], str, str]:
    """Mail it; return the names of the headers, and subject and body as a mail program shows them."""
    post = PostInMemory()
    args = {"audience": "all", "message": message}
    World(Mail(RELAY, PEOPLE, post)).perform("email.send", args, occasion(exercise=exercise))
    raw = post.sent[0].raw
    letter = email.message_from_bytes(raw, policy=email.policy.compat32)
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    return letter.keys(), str(make_header(decode_header(letter["Subject"]))), body.decode()


def as_posted(message: Message, *, exercise: bool) -> tuple[str, str]:
    """Post it; return the text, and the first block's text."""
    workspace = WorkspaceInMemory()
    args = {"audience": "all", "message": message}
    World(Slack(WORKSPACE, PEOPLE, workspace)).perform("slack.post", args, occasion(exercise=exercise))
    return workspace.posted[0].text, workspace.posted[0].blocks[0]["text"]["text"]


HEADERS = {
    *("Content-Type", "MIME-Version", "Content-Transfer-Encoding"),
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
}


@given(messages | long)
def test_in_an_exercise_every_message_begins_with_the_mark_on_every_channel(message):
    headers, subject, body = as_mailed(message, exercise=True)
    text, block = as_posted(message, exercise=True)
    for one in (subject, body, text, block):
        assert one.startswith(MARK)
    assert set(headers) == HEADERS
    assert len(headers) == len(HEADERS)


@given(messages | long)
def test_in_a_real_run_nothing_is_marked_by_our_doing_on_any_channel(message):
    said = [
        message.subject.in_("da"),
        message.subject.in_("en"),
        message.body.in_("da"),
        message.body.in_("en"),
    ]
    assume(not any("VELSE" in one or "EXERCISE" in one for one in said))
    headers, subject, body = as_mailed(message, exercise=False)
    text, block = as_posted(message, exercise=False)
    for one in (subject, body, text, block):
        assert "VELSE" not in one
        assert "EXERCISE" not in one
    assert set(headers) == HEADERS
    assert len(headers) == len(HEADERS)


@given(words)
def test_a_subject_arrives_as_it_was_written(subject):
    _, arrived, _ = as_mailed(Message(subject=Text(en=f"a{subject}z"), body=Text(en="b")), exercise=False)
    assert arrived.split() == f"a{subject}z".split()


def test_no_channel_is_left_out_here():
    """A new way of telling people joins the two properties above."""
    telling = {name for name, action in every_action().items() if "message" in action.args.model_fields}
    assert telling == {"email.send", "slack.post"}
