"""What a runbook's expressions see of a supplier: `service.supplier.telephone`, `service.supplier.escalation`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from seawall.inventory import NOT_WRITTEN, NotWritten
from seawall.model import Text, duration_text
from seawall.suppliers import Level, Supplier


@dataclass(frozen=True, slots=True)
class SupplierView:
    """Who runs a service for the city. What people read says so itself when nobody has written it down yet."""

    service: str
    entry: Supplier

    def __str__(self) -> str:
        return self.entry.supplier

    @property
    def telephone(self) -> Text:
        """The desk's number."""
        return NOT_WRITTEN if self.entry.telephone is None else Text(en=self.entry.telephone)

    @property
    def contract(self) -> Text:
        """The number of the contract."""
        return NOT_WRITTEN if self.entry.contract is None else Text(en=self.entry.contract.number)

    @property
    def kept_at(self) -> Text:
        """Where the contract lies."""
        return NOT_WRITTEN if self.entry.contract is None else self.entry.contract.kept_at

    @property
    def answers(self) -> Text:
        """When somebody answers there."""
        return self.entry.answers or NOT_WRITTEN

    @property
    def promised(self) -> str:
        """How long they may be away by contract, e.g. 4h. Raises: NotWritten."""
        if self.entry.promised_rto is None:
            raise NotWritten(("services", self.service, "run_by", "promised_rto"))
        return duration_text(self.entry.promised_rto)

    @property
    def promised_words(self) -> Text:
        """The same as people say it, e.g. 4 hours. Says so itself when nobody has written it down."""
        return NOT_WRITTEN if self.entry.promised_rto is None else _in_words(self.entry.promised_rto)

    @property
    def escalation(self) -> tuple[LevelView, ...]:
        """Whom to ring next, one after another."""
        return tuple(LevelView(number, level) for number, level in enumerate(self.entry.escalation, 1))


@dataclass(frozen=True, slots=True)
class LevelView:
    """Whom to ring when the desk does not get it back in time. Its words are its place in the order: 1, 2, ..."""

    number: int
    level: Level

    def __str__(self) -> str:
        return str(self.number)

    @property
    def title(self) -> Text:
        """The function that answers there."""
        return self.level.title

    @property
    def telephone(self) -> str:
        """Its number."""
        return self.level.telephone


def _in_words(span: timedelta) -> Text:
    for size, one, more in (
        (timedelta(days=1), ("day", "døgn"), ("days", "døgn")),
        (timedelta(hours=1), ("hour", "time"), ("hours", "timer")),
        (timedelta(minutes=1), ("minute", "minut"), ("minutes", "minutter")),
    ):
        if span and not span % size:
            count = span // size
            en, da = one if count == 1 else more
            return Text(en=f"{count} {en}", da=f"{count} {da}")
    return Text(en=duration_text(span))
