"""The one way requests go to what holds power over machines: nothing is sent twice, and to nobody but the pinned one.

A controller mostly shows a certificate that it signed itself. So the inventory may pin it by its SHA-256, as host keys
are pinned; it is compared when the connection is made, before a password or a request is sent.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from typing import TYPE_CHECKING, Any

from connectors.limit import CONNECT, unanswered, unreachable, within
from seawall.actions import Deadline
from seawall.errors import CallError, DidNothing, Finding, WrongTarget
from seawall.targets import PowerSocket

if TYPE_CHECKING:
    import httpx

_FINDINGS = {401: Finding.NOT_LET_IN, 403: Finding.RIGHTS}
"""What a controller says to somebody it does not know, and to somebody who may not."""


class ControllerWire:
    """HTTP to controllers. A connection to each is kept open."""

    def __init__(self) -> None:
        self._clients: dict[str | None, httpx.Client] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        method: str,
        socket: PowerSocket,
        path: str,
        deadline: Deadline,
        *,
        changes: bool = False,
        **more: Any,
    ) -> httpx.Response:
        """Send one request and return its answer, which may be no: `answered` judges it.

        Raises:
            Unreachable: no connection. WrongTarget: another certificate than the pinned one; nothing was sent.
            DidNothing: it only reads, and no answer came.
            MayHaveActed: it changes something, and no answer came, or the controller failed over it.
        """
        import httpx

        where, client = where_is(socket), self._opened(socket.certificate)
        left = max(deadline.left * 0.9, 0.01)
        limits = httpx.Timeout(left, connect=min(CONNECT, left))

        def exchange() -> httpx.Response:
            return client.request(method, f"{socket.url.rstrip('/')}{path}", timeout=limits, **more)

        try:
            response = within(deadline, exchange, where=where, changes=changes)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.InvalidURL,
            httpx.UnsupportedProtocol,
        ) as error:
            raise _not_connected(where, error) from error
        except httpx.HTTPError as error:
            raise unanswered(
                where, changes=changes, saw=f"no answer came ({type(error).__name__})"
            ) from error
        if response.is_server_error and changes:
            raise unanswered(where, changes=True, saw=f"the controller failed with {response.status_code}")
        return response

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _opened(self, certificate: str | None) -> httpx.Client:
        import httpx

        with self._lock:
            if certificate not in self._clients:
                trust = ssl.create_default_context() if certificate is None else _pinned(certificate)
                # A controller is on the management network: a proxy out of the environment is no way there.
                self._clients[certificate] = httpx.Client(
                    transport=httpx.HTTPTransport(retries=0, verify=trust),
                    trust_env=False,
                    follow_redirects=False,
                )
            return self._clients[certificate]


def where_is(socket: PowerSocket) -> str:
    """Say which controller, and which machine behind it."""
    return f"{socket.url} ({socket.system})"


def answered(response: httpx.Response, socket: PowerSocket, kind: str) -> Any:
    """Return what a controller said, None for nothing. Raises: DidNothing when it refused, or speaks no `kind`."""
    if not response.is_success:
        raise DidNothing(
            f"the controller refused with {response.status_code}",
            where=where_is(socket),
            remedy="Check the user, the password and the system's name in the inventory",
            finding=_FINDINGS.get(response.status_code),
        )
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise no_controller(socket, kind) from error


def no_controller(socket: PowerSocket, kind: str) -> DidNothing:
    """Say that what answers there is something else."""
    return DidNothing(
        f"what answers there is no {kind} controller", where=where_is(socket), remedy="Check its address"
    )


class _WrongCertificateError(ssl.SSLError):
    """Another certificate than the pinned one was shown."""


def _pinned(certificate: str) -> ssl.SSLContext:
    """Trust this one certificate and no other, whoever signed it, whatever name it bears, until when it is valid."""

    class Pinned(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's signature
            super().do_handshake(block)
            shown = f"sha256:{hashlib.sha256(self.getpeercert(binary_form=True) or b'').hexdigest()}"
            if shown != certificate:
                message = f"its certificate is {shown}, expected {certificate}"
                raise _WrongCertificateError(message)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = Pinned
    return context


def _not_connected(where: str, error: BaseException) -> CallError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _WrongCertificateError):
            return WrongTarget(
                f"another controller answers than the one meant: {cause.args[0]}",
                where=where,
                remedy="Find out why it differs, by another way than this one, before you correct the inventory",
                finding=Finding.WRONG_KEY,
            )
        cause = cause.__cause__ or cause.__context__
    return unreachable(where, error)
