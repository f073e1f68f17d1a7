"""Roles and channels as people call them. Persons are named by nobody here: a page says which role did or was told."""

from __future__ import annotations

from seawall.model import Text

ROLES = {
    "incident-commander": Text(en="the incident commander", da="indsatslederen"),
    "dr-manager": Text(en="the DR manager", da="den beredskabsansvarlige"),
    "emergency-coordinator": Text(en="the emergency coordinator", da="beredskabskoordinatoren"),
    "duty-officer": Text(en="the duty officer", da="den vagthavende"),
    "engineer": Text(en="the engineer on call", da="teknikeren på vagt"),
    "operator": Text(en="whoever is operating", da="den, der betjener"),
}
"""The roles of the reference city; any other goes by the name that the city gave it."""

CHANNELS = {
    "email": Text(en="by e-mail", da="pr. e-mail"),
    "slack": Text(en="on Slack", da="på Slack"),
    "sms": Text(en="by text message", da="pr. sms"),
}


def role(name: str) -> Text:
    """Return what people call a role.

    >>> role("duty-officer").en, role("harbour-master").en
    ('the duty officer', 'harbour master')
    """
    return ROLES.get(name) or Text(en=name.replace("-", " "))


PREFECT = "prefect:"
"""How the name of whoever began a run begins when nobody typed it: a schedule, or a form of Prefect's."""


def starter(by: str) -> Text:
    """Return who began a run as people call them: the journal's name, but for a flow's long number.

    >>> starter("anna").en, starter("prefect:01a200a7-07d6:verify-backup:login").en
    ('anna', 'Prefect (schedule or form)')
    """
    if by.startswith(PREFECT):
        return Text(en="Prefect (schedule or form)", da="Prefect (fast kørsel eller formular)")
    return Text(en=by)
