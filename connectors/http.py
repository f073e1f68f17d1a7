"""HTTP: read an address, probe a service, send a request. Follows no redirect and shows no credential.

The real wire is `Httpx` below; the one in memory is `connectors.memory.http`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from connectors.limit import CONNECT, LOOKS, unanswered, unreachable, within
from seawall.actions import Action, CheckUp, Deadline, Effect, Occasion, Proof, Ready, Seen, Vault
from seawall.errors import CallError, DidNothing, MayHaveActed
from seawall.model import Duration, Frozen, SecretRef
from seawall.needs import AtAddress

if TYPE_CHECKING:
    import httpx

EXCERPT = 2000
LONGEST = 4 << 20
"""Bytes of a body that are read at most."""


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or " " in url:
        message = f"{url!r} is not an http or https address"
        raise ValueError(message)
    if parts.username or parts.password:
        message = "an address holds no password; refer to it with `bearer`"
        raise ValueError(message)
    return url


Url = Annotated[str, AfterValidator(_address)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,2000}$")]
Status = Annotated[int, Field(ge=100, le=599)]
_SECRET_HEADERS = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")


class AddressArgs(Frozen):
    """Where a request goes.

    Attributes:
        headers: none of them a credential; that goes into `bearer`.
        bearer: refers to a token, sent as `Authorization: Bearer`.
    """

    url: Url
    headers: dict[HeaderName, HeaderValue] = {}
    bearer: SecretRef | None = None

    @model_validator(mode="after")
    def _no_secrets(self) -> Self:
        for name in self.headers:
            if any(word in name.lower() for word in _SECRET_HEADERS):
                message = f"the header {name} would write a credential down; refer to it with `bearer`"
                raise ValueError(message)
        return self


class GetArgs(AddressArgs):
    """What is read.

    Attributes:
        expect_status: any other status is an error; None: every status is shown.
        look_up: where in a JSON body to look, e.g. `database.site` or `items.0.name`.
        excerpt: show the first 2 kB of the body. Left out unless asked for: it may hold people's data.
    """

    expect_status: Status | None = HTTPStatus.OK.value
    look_up: str | None = None
    excerpt: bool = False


class ProbeArgs(AddressArgs):
    """Which address stands for a service, and the status with which it is up."""

    expect_status: Status = HTTPStatus.OK.value


class RequestArgs(AddressArgs):
    """What is sent, once.

    Attributes:
        expect_status: what says that it was done; None: every 2xx.
        idempotency_header: the header that carries a number of this very step of this very run, so that a server that
            knows it does nothing twice, should a person decide to try again. Empty: none is sent.
    """

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    json_body: JsonValue = None
    expect_status: Status | None = None
    idempotency_header: HeaderName | Literal[""] = "Idempotency-Key"


class Answer(Seen):
    """What came back. `sha256` and `bytes` are of the body, or its first 4 MB; `found` stood at `look_up`, as text."""

    status: int
    sha256: str
    bytes: int
    found: str | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        return f"status {self.status}, {self.bytes} bytes"


class Probed(Proof):
    """Whether a service answered as it should, and how long that took. A service that is down is an answer too."""

    status: int | None = None
    took: Duration | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request on its way; `token` in clear."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)
    body: bytes | None = None

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    body: bytes


class Web(Protocol):
    """The wire: one request, one answer."""

    def exchange(self, request: Request, deadline: Deadline) -> Response:
        """Send once, and receive at most LONGEST bytes of body.

        Raises: Unreachable, DidNothing; MayHaveActed when `request.changes`.
        """

    def close(self) -> None:
        """Let go of every connection."""


class Http:
    """Whatever speaks HTTP."""

    def __init__(self, web: Web, secrets: Vault) -> None:
        self._web = web
        self._secrets = secrets

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what can be asked over HTTP."""
        return (
            Action(
                "http.get",
                Effect.READS,
                GetArgs,
                Answer,
                self._get,
                "Reads an address",
                needs=(AtAddress("url"),),
            ),
            Action(
                "http.probe",
                Effect.READS,
                ProbeArgs,
                Probed,
                self._probe,
                "Tells whether a service answers as it should, and how fast",
                limit=timedelta(seconds=10),
                ready=self._ready_for,
                needs=(AtAddress("url"),),
            ),
            Action(
                "http.request",
                Effect.CHANGES,
                RequestArgs,
                Answer,
                self._request,
                "Sends a request that changes something; give it a proof, for there is none that fits all",
                after_limit_it_cannot_act=False,  # a server finishes what it took in, and nothing tells it not to
                needs=(AtAddress("url"),),
            ),
        )

    def close(self) -> None:
        """Let go of every connection."""
        self._web.close()

    def check(self, urls: Iterable[str], deadline: Deadline) -> Iterator[CheckUp]:
        """Look whether something answers at each address, whatever it says."""
        for url in urls:
            try:
                response = self._web.exchange(Request("GET", url), deadline.at_most(LOOKS))
            except CallError as error:
                yield CheckUp.failed(url, error)
            else:
                yield CheckUp(url, well=True, saw=f"answers with {response.status}")

    def _ready_for(self, args: ProbeArgs) -> Iterable[Ready]:
        return (Ready(self._knock, args.url),)

    def _knock(self, url: str, deadline: Deadline) -> None:
        """Ask once, whatever the answer: the first request of a process takes ten times as long as the next."""
        self._web.exchange(Request("GET", url), deadline)

    def _get(self, args: GetArgs, occasion: Occasion) -> Answer:
        response = self._send("GET", args, occasion)
        if args.expect_status not in {None, response.status}:
            problem = f"it answered {_said(response.status)} and not {args.expect_status}"
            raise DidNothing(problem, where=_place(args.url), remedy="Look at the service's own log")
        excerpt = response.body[:EXCERPT].decode(errors="replace") if args.excerpt else None
        return _answer(response).model_copy(
            update={"excerpt": excerpt, "found": _found(response.body, args.look_up)}
        )

    def _probe(self, args: ProbeArgs, occasion: Occasion) -> Probed:
        began = time.monotonic()
        try:
            response = self._send("GET", args, occasion)
        except CallError as error:
            return Probed(holds=False, because=error.problem)
        took = timedelta(seconds=time.monotonic() - began)
        because = f"it answered {_said(response.status)}"
        return Probed(
            holds=response.status == args.expect_status, because=because, status=response.status, took=took
        )

    def _request(self, args: RequestArgs, occasion: Occasion) -> Answer:
        where = _place(args.url)
        body = None if args.json_body is None else json.dumps(args.json_body).encode()
        once = {args.idempotency_header: _key(args, occasion)} if args.idempotency_header else {}
        response = self._send(args.method, args, occasion, body, once)
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            if args.expect_status in {None, response.status}:
                return _answer(response)
            problem = f"it answered {_said(response.status)} and not {args.expect_status}"
            raise MayHaveActed(problem, where=where, remedy="Look whether it was done, then decide")
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise unanswered(where, changes=True, saw=f"it failed with {_said(response.status)}")
        if response.status == args.expect_status:
            return _answer(response)
        problem = f"it refused with {_said(response.status)}"
        raise DidNothing(problem, where=where, remedy="Check the address, the body and the credential")

    def _send(
        self,
        method: str,
        args: AddressArgs,
        occasion: Occasion,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Response:
        token = self._secrets.secret(args.bearer) if args.bearer else None
        plain = {} if body is None else {"Content-Type": "application/json"}
        headers = {**plain, **(more or {}), **args.headers}
        return self._web.exchange(Request(method, args.url, headers, token, body), occasion.deadline)


class Httpx:
    """HTTP with httpx. Asks directly: a proxy from the environment is what may be down too."""

    def __init__(self) -> None:
        self._made: httpx.Client | None = None
        self._making = threading.Lock()

    def exchange(self, request: Request, deadline: Deadline) -> Response:
        """Send once, read at most 4 MB. See `Web`."""
        import httpx

        where = _place(request.url)
        client = self._client()
        try:
            return within(
                deadline, lambda: _exchange(client, request, deadline), where=where, changes=request.changes
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreachable(where, _why(error)) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise DidNothing("the request cannot be made", where=where, remedy="Check the address") from error
        except httpx.HTTPError as error:
            raise unanswered(where, changes=request.changes) from error

    def close(self) -> None:
        """Let go of every connection."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _client(self) -> httpx.Client:
        import ssl

        import httpx

        with self._making:
            if self._made is None:
                # The machine's own list of authorities, so that the city's own authority counts.
                transport = httpx.HTTPTransport(retries=0, verify=ssl.create_default_context())
                self._made = httpx.Client(transport=transport, trust_env=False, follow_redirects=False)
            return self._made


def _exchange(client: httpx.Client, request: Request, deadline: Deadline) -> Response:
    headers = dict(request.headers)
    if request.token is not None:
        headers["Authorization"] = f"Bearer {request.token}"
    # A little less than the deadline, so that httpx is the one to say which phase took too long.
    left = max(deadline.left * 0.9, 0.01)
    limits = {"connect": min(CONNECT, left), "read": left, "write": left, "pool": left}
    with client.stream(
        request.method, request.url, headers=headers, content=request.body, extensions={"timeout": limits}
    ) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LONGEST:
                break
        return Response(response.status_code, bytes(body[:LONGEST]))


def _key(args: RequestArgs, occasion: Occasion) -> str:
    """Return the same number for the same step of the same run, and for nothing else.

    Source: draft-ietf-httpapi-idempotency-key-header, "The Idempotency-Key HTTP Request Header Field".
    """
    step = f"{occasion.run}|{occasion.step}|{args.method}|{args.url}"
    return f'"{uuid.uuid5(uuid.NAMESPACE_URL, step)}"'


def _answer(response: Response) -> Answer:
    digest = hashlib.sha256(response.body).hexdigest()
    return Answer(status=response.status, sha256=digest, bytes=len(response.body))


def _found(body: bytes, path: str | None) -> str | None:
    if path is None:
        return None
    try:
        place = json.loads(body)
        for part in path.split("."):
            place = place[int(part)] if isinstance(place, list) else place[part]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return place if isinstance(place, str) else json.dumps(place)


def _said(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _why(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE" in text:
        return "its certificate is not trusted"
    if text.startswith(
        "[Errno -"
    ):  # the resolver's own numbers are negative (getaddrinfo(3)), the kernel's are not
        return "its name leads nowhere"
    return "nobody answered in time" if "imeout" in type(error).__name__ else text or type(error).__name__


def _place(url: str) -> str:
    parts = urlsplit(url)
    # Without the query, which is where careless services take credentials.
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
