"""Web servers held in a dict of functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors.http import LONGEST, Request, Response
from connectors.limit import in_time, unreachable
from seawall.actions import Deadline


@dataclass(slots=True)
class WebInMemory:
    """The servers of `servers`, by `scheme://host:port`; nobody answers anywhere else. `sent` keeps every request."""

    servers: dict[str, Callable[[Request], Response]] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    def exchange(self, request: Request, deadline: Deadline) -> Response:
        """Let the server answer. See `connectors.http.Web`."""
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        in_time(deadline, origin)
        if origin not in self.servers:
            raise unreachable(origin, "nobody answers at its address")
        self.sent.append(request)
        response = self.servers[origin](request)
        return Response(response.status, response.body[:LONGEST])

    def close(self) -> None:
        """There is nothing to let go of."""
