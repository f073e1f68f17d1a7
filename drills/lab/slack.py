"""A workspace that speaks Slack's Web API: posts into known channels with the right token, errors as Slack names them.

`slack_sdk.WebClient(base_url=...)` cannot tell the difference for `auth.test` and `chat.postMessage`. Every message is
a line of JSON in a file: `at`, `channel`, `text`, `blocks`, `ts`.

Run as `python -m drills.lab.slack --address ... `, started by the machine's supervisor.

Source: docs.slack.dev/reference/methods/chat.postMessage and auth.test (read 2026-11): errors come with HTTP 200.
"""

from __future__ import annotations

import argparse
import hmac
import json
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from drills.lab.small_http import Answer, Asked, serve

MEMBERS = frozenset({"U0TAENKTSEN0"})
"""Those of the reference city: known here, and not from the command line, which everybody on the machine can read."""
LONGEST_TEXT = 40_000
MOST_BLOCKS = 50


class Workspace:
    """One workspace's channels, its bot's token, and the file that messages are kept in."""

    def __init__(self, token: str, channels: Sequence[str], file: Path) -> None:
        self._token, self._channels, self._file = token, frozenset(channels) | MEMBERS, file
        self._lock = threading.Lock()
        self._last = 0.0

    def answer(self, asked: Asked) -> Answer:
        """Answer one call of a method."""
        given = _arguments(asked)
        if given is None:
            return _error("invalid_arguments")
        token = str(given.pop("token", "") or asked.headers.get("Authorization", "").removeprefix("Bearer "))
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _error("invalid_auth" if token else "not_authed")
        match asked.path.removeprefix("/api/"):
            case "api.test":
                return Answer(json={"ok": True})
            case "auth.test":
                return Answer(json={"ok": True, "url": "https://lab.slack.com/", "team": "Lab", **_BOT})
            case "chat.postMessage":
                return self._post(given)
            case _:
                return _error("unknown_method")

    def _post(self, given: dict[str, Any]) -> Answer:
        channel, text, blocks = (
            given.get("channel", ""),
            given.get("text") or "",
            _blocks(given.get("blocks")),
        )
        if channel not in self._channels:
            return _error("channel_not_found")
        if blocks is None:
            return _error("invalid_blocks_format")
        wrong = {
            "invalid_blocks": len(blocks) > MOST_BLOCKS,
            "no_text": not text and not blocks,
            "msg_too_long": len(text) > LONGEST_TEXT,
        }
        if any(wrong.values()):
            return _error(next(name for name, holds in wrong.items() if holds))
        with self._lock:
            # A message is known by its channel and time, so no two have the same.
            self._last = max(time.time(), self._last + 0.000001)
            stamp = f"{self._last:.6f}"
            line = {"at": datetime.now(UTC).isoformat(), "channel": channel, "text": text, "blocks": blocks}
            with self._file.open("a") as file:
                file.write(json.dumps(line | {"ts": stamp}, ensure_ascii=False) + "\n")
        message = {"type": "message", "text": text, "blocks": blocks, "ts": stamp, "user": _BOT["user_id"]}
        return Answer(json={"ok": True, "channel": channel, "ts": stamp, "message": message})


_BOT = {"user": "seawall", "team_id": "T0LAB000000", "user_id": "U0LAB000000", "bot_id": "B0LAB000000"}


def _error(name: str) -> Answer:
    return Answer(json={"ok": False, "error": name})


def _arguments(asked: Asked) -> dict[str, Any] | None:
    if not asked.body:
        return {}
    try:
        if "json" in asked.headers.get("Content-Type", ""):
            read = json.loads(asked.body)
        else:
            read = dict(parse_qsl(asked.body.decode()))
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _blocks(given: Any) -> list[Any] | None:
    try:
        blocks = json.loads(given) if isinstance(given, str) and given else given or []
    except ValueError:
        return None
    return blocks if isinstance(blocks, list) else None


def main(argv: Sequence[str]) -> None:
    """Answer until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--channels", nargs="+", required=True)
    parser.add_argument("--file", type=Path, required=True)
    given = parser.parse_args(argv)
    workspace = Workspace(given.token_file.read_text().strip(), given.channels, given.file)
    serve(given.address, given.port, workspace.answer)


if __name__ == "__main__":
    main(sys.argv[1:])
