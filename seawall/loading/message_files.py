"""Messages to people, one file each: subject and body in Danish and English, Jinja2, rendered when a plan is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from seawall.errors import Mistake
from seawall.loading.model_mistakes import model_mistakes
from seawall.loading.template_checks import Names, template_mistakes, templates_in
from seawall.messages import Message
from seawall.views import BackupView, ServiceView, SiteView
from seawall.yaml_source import YamlSource, read_yaml

NAMES: Names = {
    "service": ServiceView,
    "site": SiteView,
    "to": SiteView,
    "from_site": SiteView,
    "backup": BackupView,
    "needed_by": None,
}
"""What every message may name; besides, whatever the parameters of the runbooks give."""


@dataclass(frozen=True, slots=True)
class MessageFile:
    """One file that was read. `message` is None when it could not be understood; then there are mistakes."""

    source: YamlSource
    message: Message | None
    mistakes: tuple[Mistake, ...]
    ours: bool = False


def read_message(path: Path, shown: str, *, ours: bool = False) -> MessageFile:
    """Read one file; `ours` when it comes with Seawall. Raises: BadInput, when it has not even a value."""
    source = read_yaml(path, shown, go_on=True)
    mistakes = list(source.mistakes)
    message = None
    try:
        message = Message.model_validate(source.value)
    except ValidationError as error:
        mistakes += model_mistakes(error, Message, lambda _: source, lost=shown)
    return MessageFile(source, message, tuple(mistakes), ours)


def message_templates(file: MessageFile, more: Collection[str]) -> list[Mistake]:
    """Find what is wrong with the templates of a message, when runbooks give it the names `more` besides."""
    names: Names = {**dict.fromkeys(more), **NAMES}
    found = templates_in(file.source.value, ())
    return [one for path, text in found for one in template_mistakes(file.source, path, text, names)]
