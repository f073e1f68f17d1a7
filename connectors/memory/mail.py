"""A mail relay that keeps what it was handed."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.limit import in_time, unreachable
from connectors.mail import Envelope
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import MailRelay


@dataclass(slots=True)
class PostInMemory:
    """Every relay there is. `sent` keeps the letters, `refuses` the addresses that are not taken."""

    sent: list[Envelope] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    down: bool = False

    def deliver(self, relay: MailRelay, envelope: Envelope, deadline: Deadline) -> int:
        """Keep the letter. See `connectors.mail.Post`."""
        self.greet(relay, deadline)
        taken = tuple(one for one in envelope.recipients if one not in self.refuses)
        if not taken:
            problem = f"the relay refused every one of {len(envelope.recipients)} recipients"
            where = f"mail relay {relay.address}:{relay.port}"
            raise DidNothing(problem, where=where, remedy="Check the addresses in the inventory")
        self.sent.append(Envelope(taken, envelope.raw))
        return len(envelope.recipients) - len(taken)

    def greet(self, relay: MailRelay, deadline: Deadline) -> None:
        """Answer, unless down. See `connectors.mail.Post`."""
        where = f"mail relay {relay.address}:{relay.port}"
        in_time(deadline, where)
        if self.down:
            raise unreachable(where, "it is down")
