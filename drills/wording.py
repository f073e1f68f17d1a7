"""What happens in a drill, in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from drills.scenario import BreakGuard, CutLink, Fault, KillHost, KillSite, StopProcess
from drills.scorecard_words import say
from seawall.inventory import Inventory
from seawall.journal import Outcome
from seawall.model import Language, Text


def breaks(fault: Fault, city: Inventory) -> Text:
    """Say what breaks."""
    match fault:
        case KillSite():
            title = city.sites[fault.site].title
            return _sentence(
                f"{title} is lost: every machine there is killed",
                f"{title.in_('da')} er tabt: alle maskiner dér slukkes",
            )
        case KillHost():
            return _sentence(f"{fault.host} is killed", f"{fault.host} slukkes")
        case StopProcess():
            what, where = fault.program, fault.host
            return _sentence(f"{what} on {where} stands still", f"{what} på {where} går i stå")
        case BreakGuard():
            en, da = _GUARD[fault.break_]
            return _sentence(f"the guard on {fault.host} {en}", f"vagten på {fault.host} {da}")
        case CutLink():
            one, other = (city.sites[name].title for name in fault.between)
            return _sentence(
                f"The link between {one} and {other} is cut",
                f"Forbindelsen mellem {one.in_('da')} og {other.in_('da')} er brudt",
            )


def responds(runbook: str, parameters: Mapping[str, str], city: Inventory) -> Text:
    """Say which runbook is carried out, for what."""
    titles = {name: service.title for name, service in city.services.items()}
    titles |= {name: site.title for name, site in city.sites.items()}
    words = [titles.get(value, Text(en=value)) for value in parameters.values()]
    en, da = (", ".join(word.in_(language) for word in words) for language in _LANGUAGES)
    return Text(
        en=f"{runbook} begins ({en})" if en else f"{runbook} begins",
        da=f"{runbook} begynder ({da})" if da else f"{runbook} begynder",
    )


def ended(runbook: str, outcome: Outcome) -> Text:
    """Say how a run of a runbook ended."""
    en, da = (say(f"outcome-{outcome.value}", language) for language in _LANGUAGES)
    return Text(en=f"{runbook} has ended: {en}", da=f"{runbook} er slut: {da}")


_GUARD = {
    "stop-guard": ("stands still", "går i stå"),
    "kill-guard": ("is killed", "dræbes"),
    "cut-guard-from-places": ("reaches none of the three places", "når ingen af de tre steder"),
}
_LANGUAGES: tuple[Language, ...] = ("en", "da")


def _sentence(en: str, da: str) -> Text:
    return Text(en=en[:1].upper() + en[1:], da=da[:1].upper() + da[1:])
