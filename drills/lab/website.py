"""The two services of the lab that keep no records: a website of files, and a program that systemd runs.

Each web machine has both. Booking a time is an HAProxy of its own with one answer: a real program that is really
started and stopped, by whoever logs in there, with the lab's stand-in for systemctl.

Source: HAProxy 2.8 configuration manual, "http-request return"; management guide, "-D" and "-p".
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from drills.lab.account import Account
from drills.lab.layout import Machine
from drills.lab.machine import Program

ROOT = "website"
UNIT = "appointments"
SERVICE = f"{UNIT}.service"
PAGE = """\
<!doctype html>
<html lang="da">
<meta charset="utf-8">
<title>Havnby Kommune</title>
<h1>Havnby Kommune</h1>
<p>Ring 70 00 00 00, eller kom i borgerservice på rådhuset.</p>
"""
STAND_IN = Path(__file__).with_name("systemctl.sh")


def folder(home: Path) -> Path:
    """Return the folder that the website is shown from."""
    return home / "www" / ROOT


def prepare(home: Path, machine: Machine, haproxy: Path, account: Account, *, active: bool) -> None:
    """Lay down the website's files, the unit, and what starts and stops it."""
    files = {
        folder(home) / "index.html": PAGE,
        folder(home) / "tider.html": PAGE.replace("<h1>Havnby Kommune", "<h1>Åbningstider"),
        home / "units" / SERVICE: _unit(home, haproxy),
        home / "units" / f"{UNIT}.cfg": _configuration(machine),
        **({home / "units" / "enabled" / SERVICE: ""} if active else {}),
    }
    for path, text in files.items():
        for parent in reversed(path.relative_to(home).parents):
            (home / parent).mkdir(mode=0o700, exist_ok=True)
            account.own(home / parent)
        path.write_text(text, encoding="utf-8")
        account.own(path)
    stand_in = home / "bin" / "systemctl"
    shutil.copyfile(STAND_IN, stand_in)
    stand_in.chmod(0o755)
    account.own(stand_in)


def starts(home: Path, *, active: bool) -> Iterator[Program]:
    """Yield what starts the unit at boot, where it is enabled."""
    if active:
        words = (str(home / "bin" / "systemctl"), "start", SERVICE)
        yield Program("systemctl", ("/bin/sh", *words), as_servers=True)


def _unit(home: Path, haproxy: Path) -> str:
    pid = home / "run" / f"{UNIT}.pid"
    return f"""\
[Unit]
Description=Booking a time

[Service]
Type=forking
PIDFile={pid}
ExecStart={haproxy} -D -f {home}/units/{UNIT}.cfg -p {pid}

[Install]
WantedBy=multi-user.target
"""


def _configuration(machine: Machine) -> str:
    page = PAGE.replace("<h1>Havnby Kommune", f"<h1>Tidsbestilling {machine.site}").replace("\n", "")
    page = page.replace('"', "'")
    return f"""\
global
    maxconn 200
    nbthread 1

defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 3s

frontend {UNIT}
    bind {machine.at(UNIT)}
    http-request return status 200 content-type "text/html; charset=utf-8" hdr X-Site {machine.site} string "{page}"
"""
