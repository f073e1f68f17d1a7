"""A letter as it goes over the line. `connectors.mail` hands it over, and loads this with the first letter."""

from __future__ import annotations

import hashlib
import re
from email.charset import BASE64, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, localtime

from seawall.actions import Enclosure, Occasion
from seawall.messages import Letter

WHOLE = Charset("utf-8")
"""Never a mixture of what is encoded and what is not, and not tried both ways for each letter of a subject."""
WHOLE.header_encoding = BASE64


def compose(
    words: Letter, audience: str, sender: str, occasion: Occasion, page: Enclosure | None = None
) -> bytes:
    """Write the letter as it goes over the line, with the run's status page attached when there is one.

    Subject and body are encoded whole, so that nothing in them can begin a header or a line of SMTP. The audience is
    an empty group (RFC 5322, 3.4), so that nobody sees who else is told.
    """
    mail: MIMEText | MIMEMultipart = MIMEText(re.sub(r"\r\n|\r|\n", "\r\n", words.body), "plain", "utf-8")
    if page is not None:
        mail = _with_page(mail, page)
    mail["From"] = sender
    mail["To"] = f"{audience}:;"
    mail["Subject"] = Header(words.subject, WHOLE)  # type: ignore[assignment]  # typeshed knows only text here
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = message_id(audience, sender, occasion)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that no absence notice answers
    return b"\r\n".join(mail.as_bytes().splitlines()) + b"\r\n"


def _with_page(words: MIMEText | MIMEMultipart, page: Enclosure) -> MIMEMultipart:
    enclosed = MIMEText(page.html, "html", "utf-8")
    enclosed.add_header("Content-Disposition", "attachment", filename=("utf-8", "", page.name))
    return MIMEMultipart(_subparts=[words, enclosed])


def message_id(audience: str, sender: str, occasion: Occasion) -> str:
    """Name the letter of one audience, step and run: the same again when the step is tried again."""
    name = hashlib.sha256(f"{occasion.run}\0{occasion.step}\0{audience}".encode()).hexdigest()[:32]
    return f"<seawall.{name}@{sender.rpartition('@')[2]}>"
