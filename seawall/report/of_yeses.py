"""Yeses as sentences: typed, signed, by telephone, or by breaking the glass; and what became of them."""

from __future__ import annotations

from typing import Literal

from seawall.journal import Approved, Lapsed, Opened, SignedFromHere
from seawall.model import Text
from seawall.report.roles import starter
from seawall.signed_words import GoingOn, lets_go_on


def told_of_yeses(event: Approved | Lapsed | SignedFromHere) -> Text:
    """Say what happened."""
    match event:
        case Approved():
            return _yes(event)
        case Lapsed():
            return Text(
                en=f"{event.step}: {event.by}'s yes expired before the step began; it counts no more",
                da=f"{event.step}: ja'et fra {event.by} udløb, før trinnet begyndte; det gælder ikke mere",
            )
        case SignedFromHere(request_counts=True):
            return Text(
                en="from here on a yes is signed; typed ones count no more",
                da="herfra er et ja underskrevet; tastede gælder ikke mere",
            )
        case SignedFromHere():
            return Text(
                en="from here on a yes is signed, and it takes one more: nobody signed for this run",
                da="herfra er et ja underskrevet, og der skal ét mere til: ingen har skrevet under på kørslen",
            )


def told_of_request(event: Opened) -> Text:
    """Say of a run where yeses are signed whether somebody signed for it; nothing where they are typed."""
    if event.yeses == "typed":
        return Text(en="", da="")
    if event.request is None:
        return Text(
            en="; nobody signed for it: each step takes one yes more",
            da="; ingen skrev under på det: hvert trin kræver ét ja mere",
        )
    who = starter(event.by)
    return Text(en=f"; {who.en} signed for it", da=f"; {who.in_('da')} skrev under på det")


def kind_of(event: Approved) -> Literal["typed", "signed", "code", "glass"]:
    """Name how a yes was given."""
    if event.glass:
        return "glass"
    if event.heard is not None:
        return "code"
    return "typed" if event.signed is None else "signed"


def how_of(event: Approved) -> Text:
    """Say how a yes was given, with what makes it weaker than a signature."""
    if event.glass:
        return Text(en=f"broke the glass: {event.glass}", da=f"slog glasset i stykker: {event.glass}")
    if event.heard is not None:
        number, by = event.heard.number, event.heard.by
        return Text(
            en=f"telephone code {number}, heard by {by}: weaker than a signature",
            da=f"telefonkode {number}, hørt af {by}: svagere end en underskrift",
        )
    if event.signed is not None:
        return Text(en=event.how, da=event.how.replace("signed", "underskrevet", 1))
    return Text(en=event.how, da=event.how)


def on_paper(typed_by: str) -> Text:
    """Say of a yes that it only stands on a paper."""
    return Text(
        en=f"on paper, typed in by {typed_by}: unverified, weaker than a signature",
        da=f"på papir, tastet ind af {typed_by}: ubekræftet, svagere end en underskrift",
    )


def how_said(event: GoingOn) -> Text:
    """Say whether a word that lets the run go on was signed; nothing of one that needs no signature."""
    if not lets_go_on(event):
        return Text(en="", da="")
    return (
        Text(en=" (typed)", da=" (tastet)")
        if event.signed is None
        else Text(en=" (signed)", da=" (underskrevet)")
    )


def _yes(event: Approved) -> Text:
    how = how_of(event)
    if event.glass:
        return Text(
            en=f"{event.step}: {event.by} BROKE THE GLASS and opened it alone: {event.glass}",
            da=f"{event.step}: {event.by} SLOG GLASSET I STYKKER og åbnede det alene: {event.glass}",
        )
    return Text(
        en=f"{event.step}: {event.by} said yes ({how.en})", da=f"{event.step}: {event.by} sagde ja ({how.da})"
    )
