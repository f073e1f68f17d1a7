"""The witness's mail server: it delivers every message it is given into a folder, one file each.

What the envelope said stands on top of the file as `X-Envelope-From` and `X-Envelope-To`.

Run as `python -m drills.lab.mail --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 10_000_000


class Mailbox:
    """The folder that messages are delivered into."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = len(list(folder.glob("*.eml")))

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        """Take every address that could be one."""
        if "@" not in address:
            return "550 5.1.3 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Deliver."""
        content = envelope.content or b""
        assert isinstance(content, bytes)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        self._count += 1
        name = f"{self._count:05d}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z.eml"
        fresh = self._folder / f".{name}"
        fresh.write_bytes(head.encode() + content)
        fresh.rename(self._folder / name)
        return f"250 2.0.0 delivered as {name}"


async def serve(argv: Sequence[str]) -> None:
    """Take mail until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args(argv)
    mailbox = Mailbox(given.folder)
    loop = asyncio.get_running_loop()
    await loop.create_server(
        lambda: SMTP(
            mailbox, hostname="mail.city.example", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop
        ),
        given.address,
        given.port,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
