"""The conversation of `connectors.mail` with a relay, by Python's own library, loaded when there is one to be had.

Never says a recipient's address, nor what a server answered about one.

Source: RFC 5321, 4.2.5 and 6.1: with a negative answer to the end of the letter the server has not taken it.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence

from connectors.limit import CONNECT, on_this_machine, unanswered, unreachable, within
from seawall.actions import Deadline, Vault
from seawall.errors import DidNothing, Finding, MayHaveActed
from seawall.targets import MailRelay

# RFC 5321, 4.2.3
_WELCOME, _DONE, _FORWARDS, _GO_ON, _REFUSALS = 220, 250, 251, 354, range(400, 600)


def deliver(
    relay: MailRelay, recipients: Sequence[str], raw: bytes, secrets: Vault, deadline: Deadline
) -> int:
    """Hand a letter over, headers and all, and return how many recipients were refused.

    Raises: Unreachable; DidNothing, also when all were refused; MayHaveActed once the letter was sent.
    """
    return _talk(
        relay, secrets, deadline, lambda line: _hand_over(line, relay, recipients, raw), changes=True
    )


def greet(relay: MailRelay, secrets: Vault, deadline: Deadline) -> None:
    """Log in as for a letter, and leave. Raises: Unreachable, DidNothing."""
    _talk(relay, secrets, deadline, lambda line: line.noop()[0], changes=False)


def _talk(
    relay: MailRelay, secrets: Vault, deadline: Deadline, say: Callable[[_Line], int], *, changes: bool
) -> int:
    where = _place(relay)

    def talk() -> int:
        with contextlib.closing(_Line(deadline)) as line:
            _connect(line, relay, secrets)
            answer = say(line)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                line.quit()
            return answer

    try:
        return within(deadline, talk, where=where, changes=changes)
    except (smtplib.SMTPException, OSError) as error:
        # `_hand_over` has its own word for what is lost after the letter was sent; until then nothing was.
        raise unanswered(where, changes=False, saw=f"the relay broke off: {type(error).__name__}") from None


def _connect(line: _Line, relay: MailRelay, secrets: Vault) -> None:
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
    secret = secrets.secret(relay.password) if relay.password else None
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


def _hand_over(line: _Line, relay: MailRelay, recipients: Sequence[str], raw: bytes) -> int:
    where = _place(relay)
    code, _ = line.mail(relay.sender)
    if code != _DONE:
        raise DidNothing(
            f"the relay refused our sender with {code}", where=where, remedy="Check the relay's `sender`"
        )
    refused = sum(not _takes(line, address) for address in recipients)
    if refused == len(recipients):
        problem = f"the relay refused every one of {refused} recipients"
        raise DidNothing(
            problem, where=where, remedy="Check the addresses in the inventory, and whom the relay serves"
        )
    code, _ = line.docmd("DATA")
    if code == _GO_ON:
        code = _send_letter(line, raw, where)
    if code != _DONE:
        problem = f"the relay refused the letter with {code}"
        raise DidNothing(problem, where=where, remedy="Look at the relay's log")
    return refused


def _send_letter(line: _Line, raw: bytes, where: str) -> int:
    """Return the relay's answer, which is a yes or a no; whatever else there is, nobody knows whether it took it."""
    lost = MayHaveActed(
        "the letter was sent and no answer came",
        where=where,
        remedy="Look in the relay's log whether it took the letter",
    )
    try:
        line.send(re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n")
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
