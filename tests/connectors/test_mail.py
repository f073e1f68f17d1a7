from __future__ import annotations

import email
import email.policy
import re
import socket
from dataclasses import replace

import pytest

from connectors.mail import Mail, Smtp
from connectors.memory.mail import PostInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.telling import Audiences
from seawall.actions import Enclosure, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.messages import MARK
from seawall.model import Text
from seawall.targets import MailRelay
from seawall.trial_letter import TRIAL, trial_letter
from tests.connectors.servers import SECRETS, lab_vault, misbehaving, occasion

RELAY = MailRelay(address="127.0.0.1", port=9, sender="Seawall <seawall@havnby.example>")
PEOPLE = Audiences(
    addresses={
        "coordinators": ("anna.canary@havnby.example", "bo@havnby.example", "anna.canary@havnby.example"),
        "half-known": ("anna.canary@havnby.example", "canary-without-at", "søren@havnby.example"),
        "unknown": ("canary-without-at", "canary\r\nRCPT TO:<x@y>"),
        "nobody": (),
    }
)
MESSAGE = {
    "subject": {"en": "Login is back", "da": "Login virker igen, også på Ærø"},
    "body": {"en": "First line\n.\n.second line", "da": "Første linje\n\nPå gensyn"},
}


def read(raw: bytes) -> tuple[email.message.EmailMessage, str]:
    """Read a letter as a mail program does: its headers, and its body with plain line ends."""
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    return letter, body.decode().replace("\r\n", "\n")


class MailContract:
    """What every world with `email.*` must do. `delivered` reads every letter, and who got it, so far."""

    @pytest.fixture
    def post(self):
        raise NotImplementedError

    @pytest.fixture
    def relay(self) -> MailRelay:
        raise NotImplementedError

    @pytest.fixture
    def delivered(self):
        raise NotImplementedError

    @pytest.fixture
    def mail(self, post, relay):
        return Mail(relay, PEOPLE, post)

    @pytest.fixture
    def world(self, mail):
        with World(mail, vault=SecretsInMemory(SECRETS)) as world:
            yield world

    def test_everybody_in_the_audience_gets_one_letter_and_nobody_is_named(self, world, delivered):
        told = world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion())
        assert (told.audience, told.channel, told.people, told.refused) == ("coordinators", "email", 2, 0)
        assert "canary" not in repr(told)
        ((recipients, raw),) = delivered()
        assert recipients == {"anna.canary@havnby.example", "bo@havnby.example"}
        assert b"canary" not in raw

    def test_a_letter_reads_danish_first_and_says_what_it_is(self, world, delivered):
        args = {"audience": "coordinators", "message": MESSAGE}
        world.perform("email.send", args, occasion(exercise=False))
        ((_, raw),) = delivered()
        letter, body = read(raw)
        assert letter["Subject"] == "Login virker igen, også på Ærø / Login is back"
        assert body == "Første linje\n\nPå gensyn\n\n---\n\nFirst line\n.\n.second line"
        assert letter["From"] == "Seawall <seawall@havnby.example>"
        assert str(letter["To"]) == "coordinators:;"
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Date"].datetime.tzinfo is not None
        assert letter.get_content_type() == "text/plain"
        assert letter.get_content_charset() == "utf-8"

    def test_a_letter_of_an_exercise_begins_with_the_mark(self, world, delivered):
        world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion(exercise=True))
        ((_, raw),) = delivered()
        letter, body = read(raw)
        assert letter["Subject"].startswith(MARK)
        assert body.startswith(MARK)

    def test_the_runs_page_goes_with_the_letter_whole(self, world, delivered):
        html = "<!doctype html><title>Ø</title>" + "æ" * 3000
        with_page = replace(occasion(), page=lambda: Enclosure("ØVELSE-1.html", html))
        world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, with_page)
        ((_, raw),) = delivered()
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        words, page = letter.iter_parts()
        assert words.get_content().startswith(MARK)
        assert (page.get_content_type(), page.get_filename()) == ("text/html", "ØVELSE-1.html")
        assert page.get_content().rstrip("\r\n") == html
        assert page.get_content_disposition() == "attachment"
        assert letter["Subject"].startswith(MARK)
        assert b"\n" not in raw.replace(b"\r\n", b"")

    def test_the_same_step_sends_the_same_message_id_and_another_step_another(self, world, delivered):
        args = {"audience": "coordinators", "message": MESSAGE}
        for step in ("tell", "tell", "tell@others"):
            world.perform("email.send", args, occasion(step=step))
        ids = [read(raw)[0]["Message-ID"] for _, raw in delivered()]
        assert ids[0] == ids[1] != ids[2]
        assert re.fullmatch(r"<seawall\.[0-9a-f]{32}@havnby\.example>", ids[0])

    def test_refused_addresses_are_counted_and_not_named(self, world, delivered):
        told = world.perform("email.send", {"audience": "half-known", "message": MESSAGE}, occasion())
        assert told.people + told.refused == 3
        assert told.refused >= 1
        assert "canary" not in repr(told)
        ((recipients, _),) = delivered()
        assert len(recipients) == told.people

    def test_a_test_goes_to_one_person_says_so_in_both_languages_and_names_no_address(self, mail, delivered):
        words = trial_letter(city=Text(en="Havnby"), whom="commander", by="anna", language="da")
        mail.try_to_reach("commander", "anna.canary@havnby.example", words, occasion(exercise=False))
        ((recipients, raw),) = delivered()
        assert recipients == {"anna.canary@havnby.example"}
        assert b"canary" not in raw
        letter, body = read(raw)
        assert str(letter["To"]) == "commander:;"
        assert letter["Subject"].startswith(TRIAL)
        assert body.startswith(TRIAL)
        assert "Intet er sket" in body

    def test_a_test_that_the_relay_refuses_is_refused_and_names_no_address(self, mail, delivered):
        words = trial_letter(city=Text(en="Havnby"), whom="commander", by="anna", language=None)
        with pytest.raises(DidNothing) as refusal:
            mail.try_to_reach("commander", "canary-without-at", words, occasion(exercise=False))
        assert "canary" not in str(refusal.value)
        assert delivered() == []

    def test_when_nobody_is_taken_nothing_is_sent_and_nobody_is_named(self, world, delivered):
        with pytest.raises(DidNothing, match="refused every one of 2") as refusal:
            world.perform("email.send", {"audience": "unknown", "message": MESSAGE}, occasion())
        assert "canary" not in str(refusal.value)
        assert delivered() == []

    @pytest.mark.parametrize("audience", ["nobody", "unheard-of"])
    def test_an_audience_without_people_is_the_wrong_target(self, world, delivered, audience):
        with pytest.raises(WrongTarget, match="nobody in this audience"):
            world.perform("email.send", {"audience": audience, "message": MESSAGE}, occasion())
        assert delivered() == []

    def test_the_check_up_sends_nothing_and_names_empty_audiences(self, mail, delivered, in_time):
        lines = {line.what: line.well for line in mail.check(in_time())}
        assert lines.pop("audience nobody") is False
        assert list(lines.values()) == [True]
        assert delivered() == []


class TestMemory(MailContract):
    @pytest.fixture
    def post(self):
        return PostInMemory(refuses={"canary-without-at", "søren@havnby.example", "canary\r\nRCPT TO:<x@y>"})

    @pytest.fixture
    def relay(self):
        return RELAY

    @pytest.fixture
    def delivered(self, post):
        return lambda: [(set(one.recipients), one.raw) for one in post.sent]

    def test_a_relay_that_is_down_was_sent_nothing(self, world, post):
        post.down = True
        with pytest.raises(Unreachable):
            world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion())


@pytest.mark.lab
class TestLab(MailContract):
    @pytest.fixture
    def post(self):
        return Smtp(lab_vault())

    @pytest.fixture
    def relay(self, lab):
        return lab.mail.model_copy(update={"sender": RELAY.sender})

    @pytest.fixture
    def delivered(self, lab):
        before = set(lab.mailbox.glob("*.eml"))

        def letters():
            for file in sorted(set(lab.mailbox.glob("*.eml")) - before):
                _, to, raw = file.read_bytes().split(b"\r\n", 2)
                yield set(to.decode().removeprefix("X-Envelope-To: ").split(", ")), raw

        return lambda: list(letters())


def relay_at(port: int, **more) -> MailRelay:
    return RELAY.model_copy(update={"port": port, **more})


def conversation(**answers: bytes):
    """A relay that says yes, but for what `answers` has for a verb; None: it hangs up."""

    def conduct(line: socket.socket) -> None:
        line.sendall(answers.get("greeting", b"220 hello\r\n"))
        verb = ""
        for text in line.makefile("rb"):
            if verb == "DATA":
                if text != b".\r\n":
                    continue
                verb, said = "", answers.get("end", b"250 ok\r\n")
            else:
                verb = text.split()[0].decode().upper()
                said = answers.get(verb.lower(), b"354 go on\r\n" if verb == "DATA" else b"250 ok\r\n")
                verb = verb if verb == "DATA" and said.startswith(b"354") else ""
            if not said:
                line.shutdown(socket.SHUT_RDWR)
                return
            line.sendall(said)

    return conduct


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"greeting": b"421 too busy\r\n"}, DidNothing),
        ({"greeting": b"not smtp at all\r\n"}, DidNothing),
        ({"ehlo": b"", "helo": b""}, DidNothing),
        ({"mail": b"550 no canary@havnby.example\r\n"}, DidNothing),
        ({"mail": b""}, DidNothing),
        ({"rcpt": b"550 no anna.canary@havnby.example here\r\n"}, DidNothing),
        ({"rcpt": b""}, DidNothing),
        ({"data": b"554 no\r\n"}, DidNothing),
        ({"data": b""}, DidNothing),
        ({"end": b"554 spam from anna.canary@havnby.example\r\n"}, DidNothing),
        ({"end": b"451 try later\r\n"}, DidNothing),
        ({"end": b""}, MayHaveActed),
        ({"end": b"not smtp at all\r\n"}, MayHaveActed),
    ],
)
def test_a_letter_is_in_doubt_only_when_it_was_sent_and_not_answered(said, error):
    with misbehaving(conversation(**said)) as port:
        world = World(Mail(relay_at(port), PEOPLE, Smtp(SecretsInMemory(SECRETS))))
        with pytest.raises(error) as raised:
            world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion(5))
    assert type(raised.value) is error
    assert "canary" not in f"{raised.value} {raised.value.__cause__} {raised.value.__context__}"
    assert raised.value.remedy


def test_a_password_is_not_sent_in_clear_to_another_machine():
    far = relay_at(25, address="0.0.0.0", username="seawall", password="env:PASSWORD")
    with misbehaving(conversation()) as port:
        world = World(Mail(far.model_copy(update={"port": port}), PEOPLE, Smtp(SecretsInMemory(SECRETS))))
        with pytest.raises(DidNothing, match="not sent in clear"):
            world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion(5))


def test_a_name_the_relay_does_not_know_is_refused_without_the_password():
    said = {"ehlo": b"250-hello\r\n250 AUTH PLAIN\r\n", "auth": b"535 not a-mail-password\r\n"}
    with misbehaving(conversation(**said)) as port:
        relay = relay_at(port, username="seawall", password="env:PASSWORD")
        world = World(Mail(relay, PEOPLE, Smtp(SecretsInMemory(SECRETS))))
        with pytest.raises(DidNothing, match="name and password") as refusal:
            world.perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion(5))
    assert SECRETS["env:PASSWORD"] not in str(refusal.value)


def test_without_a_relay_nothing_is_sent_and_the_check_up_says_so(in_time):
    mail = Mail(None, PEOPLE, PostInMemory())
    with pytest.raises(DidNothing, match="no mail relay is named"):
        World(mail).perform("email.send", {"audience": "coordinators", "message": MESSAGE}, occasion())
    (line,) = mail.check(in_time())
    assert line.well is False


def test_what_is_no_mail_relay_is_found_by_the_check_up(in_time):
    with misbehaving(conversation(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        lines = list(Mail(relay_at(port), Audiences(), Smtp(SecretsInMemory(SECRETS))).check(in_time()))
    assert [line.well for line in lines] == [False]
