"""Pages judged as people meet them: headless Chromium, driven over a pipe, and axe-core, which knows WCAG.

`faults_of(browser, address)` is what most tests want: everything wrong with one page, on a phone and a desktop, in
light, in dark and on paper; nothing when all is well.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

AXE = Path(sys.prefix) / "axe" / "axe_playwright_python" / "axe.min.js"
ANSWERS_WITHIN = 60.0
PHONE, DESKTOP = (320, 640), (1280, 900)
"""CSS pixels. 320 is what WCAG 1.4.10 asks pages to fit without being scrolled sideways."""
FLAGS = (
    "--headless",
    "--no-sandbox",  # CI runs as root; nothing but our own pages is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
RULES = (
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
)
Scheme = Literal["light", "dark"]
Medium = Literal["screen", "print"]
MEDIA: tuple[tuple[tuple[int, int], Scheme, Medium], ...] = (
    (PHONE, "light", "screen"),
    (PHONE, "dark", "screen"),
    (DESKTOP, "light", "screen"),
    (DESKTOP, "dark", "screen"),
    (DESKTOP, "light", "print"),
)


class Page:
    """One tab."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._session, self.target = browser, session, target

    def complaints(self) -> list[str]:
        """Return what the page said on its console, such as what its security policy kept from loading."""
        said = self._browser.events("Log.entryAdded", self._session)
        threw = self._browser.events("Runtime.exceptionThrown", self._session)
        told = self._browser.events("Runtime.consoleAPICalled", self._session)
        return [
            *(one["entry"]["text"] for one in said),
            *(one["exceptionDetails"]["text"] for one in threw),
            *(str(one["args"]) for one in told if one["type"] == "error"),
        ]

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Make one call of the DevTools protocol."""
        return self._browser.ask(method, parameters, self._session)

    def open(self, address: str | Path) -> Self:
        """Go to an address or a file, and wait until all of it is there."""
        self._browser.forget()
        went = self.ask("Page.navigate", url=address.as_uri() if isinstance(address, Path) else address)
        assert "errorText" not in went, f"{address}: {went['errorText']}"
        self._browser.until("Page.loadEventFired", self._session)
        return self

    def look(
        self,
        size: tuple[int, int] = DESKTOP,
        scheme: Scheme = "light",
        medium: Medium = "screen",
    ) -> Self:
        """Look at it from a phone or a desktop, in light or dark, on a screen or as on paper."""
        width, height = size
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        dark = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", media=medium, features=[dark])
        return self

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression in the page, awaiting it."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press one key, such as Tab or Enter."""
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            extra = text if kind == "keyDown" else {}
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **extra
            )

    def picture(self, path: Path, *, whole: bool = True) -> Path:
        """Take a picture of it."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def print_to(self, path: Path) -> Path:
        """Print it on A4."""
        self.look(medium="print")
        sheet = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        path.write_bytes(base64.b64decode(sheet["data"]))
        return path


class Browser:
    """A running Chromium."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = reads, writes
        self._count, self._rest = 0, b""
        self._events: list[dict[str, Any]] = []

    def page(self) -> Page:
        """Open an empty tab."""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, target, session)
        page.ask("Page.enable")
        page.ask("Runtime.enable")
        page.ask("Log.enable")
        return page

    def close(self, page: Page) -> None:
        """Close a tab."""
        self.ask("Target.closeTarget", {"targetId": page.target})

    def ask(
        self, method: str, parameters: dict[str, Any] | None = None, session: str | None = None
    ) -> dict[str, Any]:
        """Make one call of the DevTools protocol and wait for its answer."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._writes, content) :]
        deadline = time.monotonic() + ANSWERS_WITHIN
        while True:
            heard = self._hear(deadline, method)
            if heard.get("id") == self._count:
                assert "error" not in heard, f"{method}: {heard['error']}"
                return dict(heard["result"])

    def until(self, event: str, session: str) -> dict[str, Any]:
        """Wait for an event."""
        deadline = time.monotonic() + ANSWERS_WITHIN
        while True:
            for one in self._events:
                if one["method"] == event and one.get("sessionId") == session:
                    return one
            self._hear(deadline, event)

    def events(self, name: str, session: str) -> list[dict[str, Any]]:
        """Return a page's events of that name since the last page was opened."""
        return [
            one["params"] for one in self._events if one["method"] == name and one.get("sessionId") == session
        ]

    def forget(self) -> None:
        """Forget the events so far."""
        self._events.clear()

    def _hear(self, deadline: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            assert left > 0, f"Chromium did not answer within {ANSWERS_WITHIN:.0f} s: {what}"
            if select.select([self._reads], [], [], left)[0]:
                chunk = os.read(self._reads, 1 << 16)
                assert chunk, f"Chromium has ended: {what}"
                self._rest += chunk
        raw, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(raw)
        if "method" in heard:
            self._events.append(heard)
        return heard


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Start a Chromium, and end it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "there is no chromium; apt-get install chromium"
    assert AXE.exists(), "there is no axe-core; `make pages` installs it"
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="sw-chromium-", ignore_cleanup_errors=True)
        )
        reads, theirs_out = _pipe(stack)
        theirs_in, writes = _pipe(stack)
        words = [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        # It speaks on handles 3 and 4, whatever ours are called.
        shell = [
            "bash",
            "-c",
            f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out} {theirs_in}<&- {theirs_out}>&-',
            *words,
        ]
        running = subprocess.Popen(
            shell,
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(_end, running)
        os.close(theirs_in)
        os.close(theirs_out)
        browser = Browser(reads, writes)
        yield browser
        with contextlib.suppress(AssertionError, OSError):
            browser.ask("Browser.close")


def _pipe(stack: contextlib.ExitStack) -> tuple[int, int]:
    """Make a pipe whose numbers are far from 3 and 4."""
    ends = []
    for low in os.pipe():
        high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 20)
        os.close(low)
        ends.append(high)
        stack.callback(_close, high)
    return ends[0], ends[1]


def _close(handle: int) -> None:
    with contextlib.suppress(OSError):
        os.close(handle)


def _end(running: subprocess.Popen[bytes]) -> None:
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait(10)


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is looked at, one sentence each, with where."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8") + ";null")
    options = {"runOnly": list(RULES), "resultTypes": ["violations"]}
    found = page.evaluate(f"axe.run(document, {json.dumps(options)}).then(one => one.violations)")
    return [
        f"{one['id']}: {one['help']}: "
        + "; ".join(f"{' '.join(map(str, node['target']))} {node['html'][:160]}" for node in one["nodes"][:5])
        for one in found
    ]


def faults_of(browser: Browser, address: str | Path) -> list[str]:
    """Return everything wrong with the page at an address or in a file, wherever it is looked at from."""
    page = browser.page()
    try:
        page.open(address)
        faults = []
        for size, scheme, medium in MEDIA:
            page.look(size, scheme, medium)
            seen_from = f"{size[0]} px, {scheme}, {medium}"
            faults += [f"{seen_from}: {one}" for one in axe_violations(page)]
            if (
                medium == "screen"
                and (wide := page.evaluate("document.documentElement.scrollWidth")) > size[0]
            ):
                faults.append(f"{seen_from}: it is {wide} px wide and must be scrolled sideways")
        return [*faults, *(f"the page complains: {one}" for one in page.complaints())]
    finally:
        browser.close(page)
