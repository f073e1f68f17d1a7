"""Mail: tell an audience, in one letter that shows nobody's address to anybody.

There is no proof for mail: a relay that took the letter without our hearing so leaves the call in doubt, and only its
own log can tell. Every letter of a step carries the same Message-ID, so that a receiver shows a second one but once.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, localtime
from typing import Any, Protocol

from connectors.limit import CONNECT, LOOKS, on_this_machine, unanswered, unreachable, within
from connectors.telling import Audiences, TellArgs, Told
from seawall.actions import Action, CheckUp, Deadline, Effect, Enclosure, Occasion, Vault
from seawall.errors import CallError, DidNothing, Finding, MayHaveActed, WrongTarget
from seawall.messages import Letter, letter
from seawall.needs import ByMail
from seawall.targets import MailRelay

# RFC 5321, 4.2.3
_WELCOME, _DONE, _FORWARDS, _GO_ON, _REFUSALS = 220, 250, 251, 354, range(400, 600)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter on its way: who gets it, and what goes over the line, headers and all."""

    recipients: tuple[str, ...]
    raw: bytes


class Post(Protocol):
    """The wire: a mail relay."""

    def deliver(self, relay: MailRelay, envelope: Envelope, deadline: Deadline) -> int:
        """Hand the letter over and return how many recipients were refused.

        Raises: Unreachable; DidNothing, also when all were refused; MayHaveActed once the letter was sent.
        """

    def greet(self, relay: MailRelay, deadline: Deadline) -> None:
        """Log in as for a letter, and leave. Raises: Unreachable, DidNothing."""


class Mail:
    """Mail through one relay. `audiences` says who is behind a name; without a relay nothing can be sent."""

    def __init__(self, relay: MailRelay | None, audiences: Audiences, post: Post) -> None:
        self._relay = relay
        self._audiences = audiences
        self._post = post

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be done by mail."""
        return (
            Action(
                "email.send",
                Effect.CHANGES,
                TellArgs,
                Told,
                self._send,
                "Mails a message to an audience, in Danish and English; no proof exists that a lost one arrived",
                after_limit_it_cannot_act=False,  # a relay delivers what it took in, for days
                needs=(ByMail(),),
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: a connection lives for one letter."""

    def check(self, deadline: Deadline) -> Iterator[CheckUp]:
        """Look at the relay and the audiences, without sending anything."""
        if self._relay is None:
            yield CheckUp("mail", well=False, saw="no relay is named", remedy="Add `mail` to the inventory")
            return
        what = f"mail relay {self._relay.address}:{self._relay.port}"
        try:
            self._post.greet(self._relay, deadline.at_most(LOOKS))
        except CallError as error:
            yield CheckUp.failed(what, error)
        else:
            yield CheckUp(what, well=True, saw="takes mail from us")
        for name, addresses in self._audiences.addresses.items():
            if not addresses:
                yield CheckUp(
                    f"audience {name}", well=False, saw="has nobody in it", remedy="Add people to it"
                )

    def try_to_reach(self, person: str, address: str, words: Letter, occasion: Occasion) -> None:
        """Hand the relay one letter for one person, to see that it takes it. No action: no runbook can ask for it.

        `person` is the name the person stands under, and stands in the letter in place of the address.

        Raises: as `email.send`. That it raises nothing says that the relay took the letter, and no more.
        """
        if self._relay is None:
            raise DidNothing("no mail relay is named", where=person, remedy="Add `mail` to the inventory")
        envelope = Envelope((address,), compose(words, person, self._relay.sender, occasion))
        self._post.deliver(self._relay, envelope, occasion.deadline)

    def _send(self, args: TellArgs, occasion: Occasion) -> Told:
        addresses = tuple(dict.fromkeys(self._audiences.addresses.get(args.audience, ())))
        if not addresses:
            problem = "there is nobody in this audience"
            known = ", ".join(sorted(self._audiences.addresses)) or "none"
            raise WrongTarget(
                problem, where=args.audience, remedy=f"Use one with people in it; there are {known}"
            )
        if self._relay is None:
            raise DidNothing(
                "no mail relay is named", where=args.audience, remedy="Add `mail` to the inventory"
            )
        words = letter(args.message, exercise=occasion.exercise)
        envelope = Envelope(
            addresses, compose(words, args.audience, self._relay.sender, occasion, occasion.page())
        )
        refused = self._post.deliver(self._relay, envelope, occasion.deadline)
        return Told(audience=args.audience, channel="email", people=len(addresses) - refused, refused=refused)


def compose(
    words: Letter, audience: str, sender: str, occasion: Occasion, page: Enclosure | None = None
) -> bytes:
    """Write the letter as it goes over the line, with the run's status page attached when there is one.

    Subject and body are encoded whole, so that nothing in them can begin a header or a line of SMTP. The audience is
    an empty group (RFC 5322, 3.4), so that nobody sees who else is told.
    """
    mail: MIMEText | MIMEMultipart = MIMEText(re.sub(r"\r\n|\r|\n", "\r\n", words.body), "plain", "utf-8")
    if page is not None:
        mail = _with_page(mail, page)
    mail["From"] = sender
    mail["To"] = f"{audience}:;"
    mail["Subject"] = Header(words.subject, "utf-8")  # type: ignore[assignment]  # typeshed knows only text here
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = message_id(audience, sender, occasion)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that no absence notice answers
    return b"\r\n".join(mail.as_bytes().splitlines()) + b"\r\n"


def _with_page(words: MIMEText | MIMEMultipart, page: Enclosure) -> MIMEMultipart:
    enclosed = MIMEText(page.html, "html", "utf-8")
    enclosed.add_header("Content-Disposition", "attachment", filename=("utf-8", "", page.name))
    return MIMEMultipart(_subparts=[words, enclosed])


def message_id(audience: str, sender: str, occasion: Occasion) -> str:
    """Name the letter of one audience, step and run: the same again when the step is tried again."""
    name = hashlib.sha256(f"{occasion.run}\0{occasion.step}\0{audience}".encode()).hexdigest()[:32]
    return f"<seawall.{name}@{sender.rpartition('@')[2]}>"


class Smtp:
    """SMTP with the standard library. Never says a recipient's address, nor what a server answered about one.

    Source: RFC 5321, 4.2.5 and 6.1: with a negative answer to the end of the letter the server has not taken it.
    """

    def __init__(self, secrets: Vault) -> None:
        self._secrets = secrets

    def deliver(self, relay: MailRelay, envelope: Envelope, deadline: Deadline) -> int:
        """Hand the letter over. See `Post`."""
        return self._talk(relay, deadline, lambda line: _hand_over(line, relay, envelope), changes=True)

    def greet(self, relay: MailRelay, deadline: Deadline) -> None:
        """Log in, and leave. See `Post`."""
        self._talk(relay, deadline, lambda line: line.noop()[0], changes=False)

    def _talk(
        self, relay: MailRelay, deadline: Deadline, say: Callable[[_Line], int], *, changes: bool
    ) -> int:
        where = _place(relay)

        def talk() -> int:
            with contextlib.closing(_Line(deadline)) as line:
                self._connect(line, relay)
                answer = say(line)
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    line.quit()
                return answer

        try:
            return within(deadline, talk, where=where, changes=changes)
        except (smtplib.SMTPException, OSError) as error:
            # `_hand_over` has its own word for what is lost after the letter was sent; until then nothing was.
            raise unanswered(
                where, changes=False, saw=f"the relay broke off: {type(error).__name__}"
            ) from None

    def _connect(self, line: _Line, relay: MailRelay) -> None:
        where = _place(relay)
        try:
            code, _ = line.connect(relay.address, relay.port)
        except smtplib.SMTPException:
            raise  # it was there, and did not greet us
        except OSError as error:
            raise unreachable(where, error) from error
        if code != _WELCOME:
            raise unanswered(where, changes=False, saw=f"the relay turned us away with {code}")
        line.ehlo_or_helo_if_needed()
        secret = self._secrets.secret(relay.password) if relay.password else None
        if line.has_extn("starttls"):
            line.starttls(context=_tls(checked=secret is not None))
            line.ehlo()
        elif secret is not None and not on_this_machine(f"//{relay.address}"):
            problem = "the relay offers no encryption, and a password is not sent in clear"
            raise DidNothing(problem, where=where, remedy="Switch STARTTLS on there")
        if relay.username and secret is not None:
            try:
                line.login(relay.username, secret)
            except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError):
                problem = "the relay does not take our name and password"
                raise DidNothing(
                    problem,
                    where=where,
                    remedy="Check both in the inventory",
                    finding=Finding.NOT_LET_IN,
                ) from None


class _Line(smtplib.SMTP):
    """A conversation that waits for no answer past the deadline, and asks no name server for our own name."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(
            local_hostname=socket.gethostname(), timeout=max(deadline.at_most(CONNECT).left * 0.9, 0.01)
        )

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            self.sock.settimeout(max(self._deadline.left * 0.9, 0.01))
        return super().getreply()


def _hand_over(line: _Line, relay: MailRelay, envelope: Envelope) -> int:
    where = _place(relay)
    code, _ = line.mail(relay.sender)
    if code != _DONE:
        raise DidNothing(
            f"the relay refused our sender with {code}", where=where, remedy="Check the relay's `sender`"
        )
    refused = sum(not _takes(line, address) for address in envelope.recipients)
    if refused == len(envelope.recipients):
        problem = f"the relay refused every one of {refused} recipients"
        raise DidNothing(
            problem, where=where, remedy="Check the addresses in the inventory, and whom the relay serves"
        )
    code, _ = line.docmd("DATA")
    if code == _GO_ON:
        code = _send_letter(line, envelope, where)
    if code != _DONE:
        problem = f"the relay refused the letter with {code}"
        raise DidNothing(problem, where=where, remedy="Look at the relay's log")
    return refused


def _send_letter(line: _Line, envelope: Envelope, where: str) -> int:
    """Return the relay's answer, which is a yes or a no; whatever else there is, nobody knows whether it took it."""
    lost = MayHaveActed(
        "the letter was sent and no answer came",
        where=where,
        remedy="Look in the relay's log whether it took the letter",
    )
    try:
        line.send(re.sub(rb"(?m)^\.", b"..", envelope.raw) + b".\r\n")
        code, _ = line.getreply()
    except (smtplib.SMTPException, OSError):
        raise lost from None
    if code != _DONE and code not in _REFUSALS:
        raise lost
    return code


def _takes(line: _Line, address: str) -> bool:
    # What is no plain address cannot be said in SMTP, or would be read as another one.
    if not re.fullmatch(r"[!-~]+@[!-~]+", address):
        return False
    code, _ = line.rcpt(address)
    return code in {_DONE, _FORWARDS}


def _tls(*, checked: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not checked:
        # RFC 7435: for mail, encryption to whoever answers is better than none; a lapsed certificate stops no warning.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _place(relay: MailRelay) -> str:
    return f"mail relay {relay.address}:{relay.port}"
