"""Mail: tell an audience, in one letter that shows nobody's address to anybody.

There is no proof for mail: a relay that took the letter without our hearing so leaves the call in doubt, and only its
own log can tell. Every letter of a step carries the same Message-ID, so that a receiver shows a second one but once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.limit import LOOKS
from connectors.telling import Audiences, TellArgs, Told
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Vault
from seawall.errors import CallError, DidNothing, WrongTarget
from seawall.messages import Letter, letter
from seawall.needs import ByMail
from seawall.targets import MailRelay


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
                only_tells=True,
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
        from connectors.letters import compose

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
        from connectors.letters import compose

        words = letter(args.message, exercise=occasion.exercise)
        envelope = Envelope(
            addresses, compose(words, args.audience, self._relay.sender, occasion, occasion.page())
        )
        refused = self._post.deliver(self._relay, envelope, occasion.deadline)
        return Told(audience=args.audience, channel="email", people=len(addresses) - refused, refused=refused)


class Smtp:
    """The wire to a relay: SMTP, with the standard library. `connectors.smtp` talks."""

    def __init__(self, secrets: Vault) -> None:
        self._secrets = secrets

    def deliver(self, relay: MailRelay, envelope: Envelope, deadline: Deadline) -> int:
        """Hand the letter over. See `Post`."""
        from connectors import smtp

        return smtp.deliver(relay, envelope.recipients, envelope.raw, self._secrets, deadline)

    def greet(self, relay: MailRelay, deadline: Deadline) -> None:
        """Log in, and leave. See `Post`."""
        from connectors import smtp

        smtp.greet(relay, self._secrets, deadline)
