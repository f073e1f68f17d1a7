"""The words of `person` and `duty`, in English and Danish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from console.terminal.screen import words
from seawall.model import Language, Text

_WORDS: Mapping[str, Text] = {
    "on-duty": Text(en="On duty {at}", da="På vagt {at}"),
    "people": Text(en="People", da="Personer"),
    "until": Text(en="until {at}, then {who}", da="til {at}, derefter {who}"),
    "for-good": Text(en="for the next five weeks", da="de næste fem uger"),
    "late": Text(en="when late: {who}", da="svarer vedkommende ikke: {who}"),
    "instead": Text(en="instead of {who}, who is away", da="i stedet for {who}, som er væk"),
    "nobody": Text(en="NOBODY", da="INGEN"),
    "nobody-away": Text(en="{who} is away, and has no deputy", da="{who} er væk og har ingen stedfortræder"),
    "no-roster": Text(en="no roster; who may act: {who}", da="ingen vagtplan; kan handle: {who}"),
    "outside": Text(en="outside its hours; who may act: {who}", da="uden for tiden; kan handle: {who}"),
    "uncovered": Text(
        en="Nobody is on duty, in the next four weeks", da="Ingen er på vagt, i de næste fire uger"
    ),
    "from-to": Text(en="{since} to {until}", da="{since} til {until}"),
    "unreached": Text(en="Cannot be reached at all", da="Kan slet ikke nås"),
    "write-channel": Text(
        en="Write an `email:`, `slack:` or `telephone:` under people in inventory/people.yaml",
        da="Skriv `email:`, `slack:` eller `telephone:` under people i inventory/people.yaml",
    ),
    "email": Text(en="mail", da="mail"),
    "slack": Text(en="Slack", da="Slack"),
    "telephone": Text(en="telephone", da="telefon"),
    "by-hand": Text(en="rung by hand", da="ringes op af et menneske"),
    "never": Text(en="never tested", da="aldrig prøvet"),
    "untold": Text(en="not known when it was tested", da="uvist, hvornår den er prøvet"),
    "accepted": Text(en="accepted {age} ago", da="modtaget for {age} siden"),
    "refused": Text(en="REFUSED {age} ago", da="AFVIST for {age} siden"),
    "unreachable": Text(en="NOT REACHED {age} ago", da="IKKE NÅET for {age} siden"),
    "in doubt": Text(en="IN DOUBT {age} ago", da="UVIST for {age} siden"),
    "old": Text(en=", long ago", da=", længe siden"),
    "on-duty-as": Text(en="on duty", da="på vagt"),
    "away": Text(en="away until {at}", da="væk til {at}"),
    "roles": Text(en="roles", da="roller"),
    "none": Text(en="none", da="ingen"),
    "reads": Text(en="reads", da="læser"),
    "both": Text(en="Danish and English", da="dansk og engelsk"),
    "da": Text(en="Danish", da="dansk"),
    "en": Text(en="English", da="engelsk"),
    "deputies": Text(en="deputies", da="stedfortrædere"),
    "stands-as": Text(en="{title}, who stands as {name}", da="{title}, som står som {name}"),
    "accepted-is-not-read": Text(
        en="Accepted is not read: only the person can tell that.",
        da="Modtaget er ikke læst: det kan kun personen selv sige.",
    ),
}
_MONTHS = ("jan.", "feb.", "marts", "april", "maj", "juni", "juli", "aug.", "sept.", "okt.", "nov.", "dec.")
_DAYS = ("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn.")


def say(word: str, **filled: str) -> str:
    """Return one of these in the terminal's language."""
    return words(_WORDS[word]).format(**filled)


def day_and_time(at: datetime, zone: ZoneInfo, language: Language) -> str:
    """Write an instant as the city's calendar and clock show it: `Mon 23 Nov 08:00`, `man. 23. nov. 08:00`."""
    local = at.astimezone(zone)
    if language == "en":
        return local.strftime("%a %-d %b %H:%M")
    return f"{_DAYS[local.weekday()]} {local.day}. {_MONTHS[local.month - 1]} {local:%H:%M}"
