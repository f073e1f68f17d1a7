"""Which address leads to which page. Every page is read anew from the journals; nothing here can change anything."""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from console.web.asked import Asked, preferred, read_request
from console.web.pages import Made, Pages, icon, stylesheet
from console.web.rim import POLICY, POLICY_STYLED_WITHIN, App, guarded
from console.web.words import LANGUAGES
from seawall.errors import BadInput
from seawall.model import Language

KEPT_FOR = 86_400
"""Seconds for which a browser may keep the stylesheet; its address changes with it."""
Endpoint = Callable[[Request], Response]
Maker = Callable[[Asked, str], Made | None]


def web_app(pages: Pages, names: Collection[str]) -> App:
    """Return the application.

    Args:
        pages: what it serves.
        names: host names that it is reached by, besides `localhost` and plain addresses.
    """
    console = _Console(pages)
    inside = Starlette(
        routes=console.routes(),
        exception_handlers={HTTPException: console.refused, Exception: console.refused},
    )
    inside.router.redirect_slashes = False
    return guarded(inside, names, console.refused)


class _Console:
    """The endpoints."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> list[Route]:
        pages = self._pages
        routes = [
            Route("/", self.home),
            Route("/alive", self.alive),
            Route("/style.css", _asset(stylesheet(), "text/css; charset=utf-8")),
            Route("/icon.svg", _asset(icon(), "image/svg+xml")),
            Route(
                "/favicon.ico", _asset(icon(), "image/svg+xml")
            ),  # what a page kept as a file makes browsers ask for
        ]
        for language in LANGUAGES:
            routes += [
                Route(f"/{language}/", self.page(language, lambda asked, _: pages.history(asked))),
                Route(f"/{language}/runs/{{name}}", self.page(language, pages.run)),
                Route(f"/{language}/runs/{{name}}/report", self.page(language, pages.report)),
                Route(f"/{language}/runs/{{name}}/sheets", self.page(language, pages.sheets)),
                Route(f"/{language}/drills/{{name}}", self.page(language, pages.drill)),
                Route(f"/{language}/drills/{{name}}/scorecard", self.page(language, pages.scorecard)),
            ]
        return routes

    def page(self, language: Language, make: Maker) -> Endpoint:
        def made(request: Request) -> Response:
            path = request.url.path.removeprefix(f"/{language}/")
            try:
                asked = read_request(language, path, request.query_params)
                found = make(asked, request.path_params.get("name", ""))
            except BadInput:
                return self.trouble(request, 400)
            return self.trouble(request, 404) if found is None else _answer(found)

        return made

    def trouble(self, request: Request, status: int) -> Response:
        first = request.url.path.split("/")[1]
        language = next((one for one in LANGUAGES if one == first), None)
        language = language or preferred(request.headers.get("accept-language", ""))
        return _answer(self._pages.trouble(Asked(language), status))

    def refused(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self.trouble(request, status if status in (404, 405) else 500)

    def home(self, request: Request) -> Response:
        language = preferred(request.headers.get("accept-language", ""))
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
        return RedirectResponse(f"/{language}/", 302, headers)

    def alive(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n", headers={"Cache-Control": "no-store"})


def _answer(made: Made) -> Response:
    policy = POLICY_STYLED_WITHIN if made.styled_within else POLICY
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept-Language"}
    if made.refresh is not None and made.status == 200:  # noqa: PLR2004 - HTTP's own number
        headers["Refresh"] = str(made.refresh)
    return Response(made.html, made.status, headers, media_type="text/html; charset=utf-8")


def _asset(content: bytes, kind: str) -> Endpoint:
    headers = {"Cache-Control": f"max-age={KEPT_FOR}", "Content-Security-Policy": POLICY}
    return lambda _request: Response(content, 200, headers, media_type=kind)
