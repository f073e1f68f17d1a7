"""Slack: tell an audience in its channel, as Block Kit, with plain text for where blocks are not shown.

What comes from outside stands in plain-text blocks, and escaped in the fallback, so that a `<!channel>` in an alert
calls nobody. There is no proof for a post: one whose answer was lost stays in doubt until somebody looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from connectors.limit import LOOKS, on_this_machine, unanswered, unreachable, within
from connectors.telling import Audiences, TellArgs, Told
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Vault
from seawall.errors import CallError, DidNothing, Finding, WrongTarget
from seawall.messages import Letter, letter
from seawall.needs import BySlack
from seawall.targets import SlackWorkspace

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

# Slack's reference for Block Kit, read 2026-11: a header 150 characters, a section 3,000, a message 50 blocks.
HEADER = 150
SECTION = 3000
BLOCKS = 50
FALLBACK = 3000
_REMEDIES = {
    "channel_not_found": "Check the audience's channel id in the inventory, and invite the app to the channel",
    "not_in_channel": "Invite the app to the channel",
    "is_archived": "Give the audience another channel, or take this one out of the archive",
    "invalid_auth": "Check the workspace's token",
    "not_authed": "Check the workspace's token",
    "account_inactive": "Make a new token",
    "token_revoked": "Make a new token",
    "missing_scope": "Give the app the scope chat:write",
    "ratelimited": "Wait a minute, then try again",
}
_FINDINGS = {
    **dict.fromkeys(("invalid_auth", "not_authed", "account_inactive", "token_revoked"), Finding.NOT_LET_IN),
    "missing_scope": Finding.RIGHTS,
}
_IN_DOUBT = {"internal_error", "fatal_error"}
"""Slack's methods' pages, read 2026-11: after these, some part may have been done."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A message on its way to a channel."""

    channel: str
    text: str
    blocks: tuple[dict[str, Any], ...]


class Workspace(Protocol):
    """The wire: one Slack workspace."""

    def post(self, workspace: SlackWorkspace, posting: Posting, deadline: Deadline) -> None:
        """Post once. Raises: Unreachable, DidNothing, MayHaveActed."""

    def greet(self, workspace: SlackWorkspace, deadline: Deadline) -> str:
        """Tell as whom we are known there. Raises: Unreachable, DidNothing."""


class Slack:
    """Slack channels of one workspace. `audiences` says which; without a workspace nothing can be posted."""

    def __init__(self, workspace: SlackWorkspace | None, audiences: Audiences, slack: Workspace) -> None:
        self._workspace = workspace
        self._audiences = audiences
        self._slack = slack

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be done in Slack."""
        return (
            Action(
                "slack.post",
                Effect.CHANGES,
                TellArgs,
                Told,
                self._post,
                "Posts a message in an audience's channel, in Danish and English; a lost answer has no proof",
                only_tells=True,
                after_limit_it_cannot_act=False,  # Slack finishes what it took in, and nothing tells it not to
                needs=(BySlack(),),
            ),
        )

    def close(self) -> None:
        """There is nothing to let go of: a connection lives for one message."""

    def check(self, deadline: Deadline) -> Iterator[CheckUp]:
        """Ask Slack who we are, without posting."""
        if self._workspace is None:
            yield CheckUp(
                "slack", well=False, saw="no workspace is named", remedy="Add `slack` to the inventory"
            )
            return
        try:
            name = self._slack.greet(self._workspace, deadline.at_most(LOOKS))
        except CallError as error:
            yield CheckUp.failed("slack", error)
        else:
            yield CheckUp("slack", well=True, saw=f"knows us as {name}")

    def try_to_reach(self, whom: str, channel: str, words: Letter, occasion: Occasion) -> None:
        """Post once to a person's own channel (by their member id) or to an audience's. No action, as in `Mail`.

        Raises: as `slack.post`. That it raises nothing says that Slack took it, and no more.

        Source: Slack's reference of chat.postMessage, read 2026-11: a member's id as `channel` opens a direct message.
        """
        if self._workspace is None:
            raise DidNothing("no Slack workspace is named", where=whom, remedy="Add `slack` to the inventory")
        self._slack.post(self._workspace, compose(words, channel, occasion), occasion.deadline)

    def _post(self, args: TellArgs, occasion: Occasion) -> Told:
        channel = self._audiences.channels.get(args.audience)
        if channel is None:
            known = ", ".join(sorted(self._audiences.channels)) or "none"
            problem = "this audience has no Slack channel"
            raise WrongTarget(
                problem, where=args.audience, remedy=f"Use one with a channel; there are {known}"
            )
        if self._workspace is None:
            raise DidNothing(
                "no Slack workspace is named", where=args.audience, remedy="Add `slack` to the inventory"
            )
        words = letter(args.message, exercise=occasion.exercise)
        self._slack.post(self._workspace, compose(words, channel, occasion), occasion.deadline)
        return Told(audience=args.audience, channel="slack", people=None)


def compose(words: Letter, channel: str, occasion: Occasion) -> Posting:
    """Write the message as Slack wants it. A mark stands first in the text and in the first block."""
    subject = words.subject.strip() or "Seawall"
    body = ([subject] if len(subject) > HEADER else []) + list(_sections(words.body))
    if len(body) > BLOCKS - 2:
        body[BLOCKS - 3 :] = ["…"]
    context = {"type": "plain_text", "text": f"Seawall · {occasion.run} · {occasion.step}"[:SECTION]}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(_cut(subject, HEADER))}]
    blocks += ({"type": "section", "text": _plain(text)} for text in body)
    blocks.append({"type": "context", "elements": [context]})
    return Posting(channel, _cut(_escaped(f"{subject}\n\n{words.body.strip()}"), FALLBACK), tuple(blocks))


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _sections(body: str) -> Iterator[str]:
    """Cut a body into pieces that fit, at an empty line or a line's end where there is one."""
    rest = body.strip()
    while len(rest) > SECTION:
        cut = max(rest.rfind("\n\n", 0, SECTION), 0) or max(rest.rfind("\n", 0, SECTION), 0) or SECTION
        piece, rest = rest[:cut].strip(), rest[cut:].strip()
        if piece:
            yield piece
    if rest:
        yield rest


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class SlackSdk:
    """Slack's Web API with slack-sdk, whose retries are switched off."""

    def __init__(self, secrets: Vault) -> None:
        self._secrets = secrets

    def post(self, workspace: SlackWorkspace, posting: Posting, deadline: Deadline) -> None:
        """Post once. See `Workspace`."""
        arguments = {
            "channel": posting.channel,
            "text": posting.text,
            "blocks": list(posting.blocks),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        self._ask(workspace, "chat.postMessage", arguments, deadline, changes=True)

    def greet(self, workspace: SlackWorkspace, deadline: Deadline) -> str:
        """Tell as whom we are known there. See `Workspace`."""
        return str(self._ask(workspace, "auth.test", {}, deadline, changes=False).get("user", "?"))

    def _ask(
        self,
        workspace: SlackWorkspace,
        method: str,
        arguments: dict[str, Any],
        deadline: Deadline,
        *,
        changes: bool,
    ) -> Any:
        import logging

        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError, SlackClientError

        quiet = logging.getLogger("connectors.slack.vendor")
        quiet.setLevel(logging.CRITICAL)  # it would log an answer that it cannot read
        client = WebClient(
            self._secrets.secret(workspace.token),
            base_url=workspace.url,
            # A little less than the deadline, so that it is the vendor that says in which phase time ran out.
            timeout=max(deadline.left * 0.9, 0.01),  # type: ignore[arg-type]  # urllib takes fractions
            retry_handlers=[],
            logger=quiet,
        )
        if on_this_machine(workspace.url):
            client.proxy = None
        try:
            return within(
                deadline,
                lambda: client.api_call(method, json=arguments),
                where=workspace.url,
                changes=changes,
            )
        except SlackApiError as error:
            raise _refusal(error, workspace.url, changes=changes) from error
        except (SlackClientError, OSError, ValueError, AttributeError) as error:
            # AttributeError: slack-sdk 3.47 on an answer in JSON that is no object.
            raise _loss(error, workspace.url, changes=changes) from error


def _refusal(error: SlackApiError, where: str, *, changes: bool) -> CallError:
    response: Any = error.response
    code = str(response.get("error")) if isinstance(response.data, dict) else ""
    if not re.fullmatch(r"[a-z_]{1,60}", code):
        return unanswered(where, changes=changes, saw="what answered is not Slack")
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _IN_DOUBT:
        return unanswered(where, changes=changes, saw=f"Slack failed with {response.status_code} {code}")
    remedy = _REMEDIES.get(code, "Look the code up in Slack's documentation of chat.postMessage")
    finding = _FINDINGS.get(code)
    return DidNothing(f"Slack refused with {code}", where=where, remedy=remedy, finding=finding)


def _loss(error: Exception, where: str, *, changes: bool) -> CallError:
    import socket
    from ssl import SSLCertVerificationError
    from urllib.error import URLError

    # urllib wraps what happens until the request is sent in URLError, and nothing after that. A request this small
    # fits the kernel's buffer, so a timeout in there is one of connecting; a reset may have come after the sending.
    reason = error.reason if isinstance(error, URLError) else None
    if isinstance(reason, SSLCertVerificationError):
        return unreachable(where, "its certificate is not trusted")
    if isinstance(reason, TimeoutError | ConnectionRefusedError | socket.gaierror):
        return unreachable(where, "nobody answers at its address")
    if isinstance(reason, OSError) and not isinstance(reason, ConnectionError):
        return unreachable(where, reason.strerror or "no way there")
    return unanswered(where, changes=changes)
