"""What is let in, and what every answer carries.

Reading only: GET and HEAD, nothing else. A browser is told to run no script and to load nothing from anywhere else; a
request that names another host than this one is refused, so that no page on the Internet can read these through it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

NOTHING_FROM_ELSEWHERE = (
    "default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
POLICY = f"{NOTHING_FROM_ELSEWHERE}; style-src 'self'"
POLICY_STYLED_WITHIN = f"{NOTHING_FROM_ELSEWHERE}; style-src 'unsafe-inline'"
"""For pages that are also kept as single files, and so carry their styles with them. No script runs on them either."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def guarded(inside: App, names: Collection[str], refused: Callable[[Request, Exception], Response]) -> App:
    """Let in only what reads and names this host, and give every answer its headers."""

    async def let_in(scope: Message, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if scope["type"] != "http":
            return
        request = Request(scope)
        if not is_ours(request.headers.get("host", ""), names):
            words = "This address is not one of this console's. Use the one it printed when it was started.\n"
            response: Response = PlainTextResponse(words, 421)
        elif request.method not in ("GET", "HEAD"):
            response = refused(request, HTTPException(405))
            response.headers["Allow"] = "GET, HEAD"
        else:
            await inside(scope, receive, sent)
            return
        await response(scope, receive, sent)

    return let_in


def is_ours(host: str, names: Collection[str]) -> bool:
    """Tell whether a Host header names this console: `localhost`, a plain address, or a name that it was given.

    A page elsewhere can make a browser come here under its own name (DNS rebinding), never under a plain address.

    >>> [is_ours(one, ()) for one in ("localhost:7329", "127.0.0.1", "[::1]:80", "evil.example", "")]
    [True, True, True, False, False]
    """
    name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
    if port and not (port.isascii() and port.isdigit()):
        return False
    name = name.lower().rstrip(".")
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
