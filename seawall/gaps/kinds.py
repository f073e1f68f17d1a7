"""Every kind of gap in words: what it is, what is not possible until it is filled, how to find it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How gaps of one kind are told. `{name}` stands for what lacks it, `{field}` for the last part of the path."""

    kind: str
    missing: str
    impossible: str
    how: str
    line: str


KINDS: Mapping[tuple[str, ...], Kind] = {
    ("sites",): Kind(
        "sites",
        "the places where services stand",
        "No service can be placed, moved or drilled",
        "Write each place under `sites:`",
        "sites:\n  north:\n    title: ...",
    ),
    ("services",): Kind(
        "services",
        "what citizens use, and what each service needs",
        "Nothing can be failed over, drilled or told about",
        "Write each under `services:`; or begin again with `seawall init DIR --from services.csv`",
        "services:\n  login:\n    title: ...\n    runs_at: {active: ...}",
    ),
    ("people",): Kind(
        "people",
        "who may act, and how they are reached",
        "Nobody can approve a step, answer a question or be told",
        "Write each under `people:` in inventory/people.yaml",
        "people:\n  duty-officer:\n    title: ...\n    roles: [duty-officer, incident-commander]\n    email: ...",
    ),
    ("mail",): Kind(
        "mail",
        "the relay that e-mails leave through",
        "No e-mail is sent to anybody",
        "Name the relay's address and the sender",
        "mail:\n  address: ...\n  sender: ...",
    ),
    ("audiences",): Kind(
        "audiences",
        "who is told together, e.g. the coordinators",
        "No runbook can tell anybody how it goes",
        "Write each under `audiences:`, with names from `people:`",
        "audiences:\n  coordinators:\n    title: ...\n    people: [...]",
    ),
    ("people", "channels"): Kind(
        "ways to reach people",
        "how {name} is reached",
        "{name} can be neither asked nor told",
        "Write a mail address, a Slack member id or a telephone number",
        "email: ...",
    ),
    ("services", "run_by", "contract"): Kind(
        "contracts with suppliers",
        "the number of the contract for {name}, and where it lies",
        "Whoever rings the supplier of {name} has no number to say",
        "Look into the contract; write where it lies when the archive is down too",
        "contract: {number: ..., kept_at: {en: ..., da: ...}}",
    ),
    ("services", "runs_at"): Kind(
        "places of services",
        "where {name} runs, or which supplier runs it",
        "Nobody is told that {name} stops when a site is lost, and it cannot be moved",
        "Name its site; or write `run_by:` when a supplier runs it",
        "runs_at: {active: ...}",
    ),
    ("services", "runs_at", "standby"): Kind(
        "standby sites",
        "the site that takes {name} over",
        "{name} cannot be failed over, only restored",
        "Name the site; or write `standby: null` when there is none",
        "standby: ...",
    ),
    ("services", "database", "at"): Kind(
        "database servers of services",
        "the server of {name} at {field}",
        "{name} cannot be failed over between its sites",
        "Name the server there as host/cluster",
        "{field}: .../...",
    ),
    ("services", "web_root", "at"): Kind(
        "web roots of services",
        "the folder that {name} is shown from at {field}",
        "{name} cannot be shown from {field}",
        "Name it as host/root, and write it under `web_roots:` of that host",
        "{field}: .../...",
    ),
    ("services", "unit", "at"): Kind(
        "units of services",
        "the program of {name} at {field}",
        "{name} cannot be started at {field}",
        "Name it as host/unit, and write it under `units:` of that host",
        "{field}: .../...",
    ),
    ("services", "reached_through"): Kind(
        "ways in to services",
        "how users come to {name}: its balancer or its name in DNS",
        "Users of {name} cannot be led to its other site",
        "Name its balancer; or write `reached_through: null` when nothing of that is yours to switch",
        "reached_through: {balancer: ..., backend: ..., backends: {...}}",
    ),
    ("services", "reached_through", "backends"): Kind(
        "ways in to services",
        "the balancer's server for {name} at {field}",
        "Users of {name} cannot be led to {field}",
        "Write its name as the balancer's configuration has it",
        "{field}: ...",
    ),
    ("services", "reached_through", "address"): Kind(
        "ways in to services",
        "what the DNS name of {name} points to at {field}",
        "The DNS name of {name} cannot be switched to {field}",
        "Write an address, or a host of the inventory",
        "{field}: ...",
    ),
    ("services", "tier"): Kind(
        "tiers",
        "how early {name} must be back: 1 is first, 4 last",
        "Nobody is told whether to bring {name} back before the others",
        "Ask whoever answers for it",
        "tier: ...",
    ),
    ("services", "targets"): Kind(
        "targets",
        "what was promised for {name}: {field}",
        "RTA and RPA of {name} cannot be judged",
        "Ask whoever answers for it; write who approved it and when",
        "targets: {rto: ..., rpo: ..., mtpd: ..., approved_by: ..., on: ...}",
    ),
    ("services", "without_it"): Kind(
        "texts for citizens",
        "what citizens cannot do without {name}",
        "Messages and pages about {name} say `not written down yet` where they should say what it means",
        "Ask whoever answers for it, and write it in Danish and English",
        "without_it: {en: ..., da: ...}",
    ),
    ("services", "instead"): Kind(
        "texts for citizens",
        "what citizens can do while {name} is down",
        "Messages and pages about {name} say `not written down yet` where they should say what to do",
        "Ask whoever answers for it, and write it in Danish and English",
        "instead: {en: ..., da: ...}",
    ),
    ("services", "probe"): Kind(
        "probes",
        "how {name} is watched from outside",
        "Nobody sees when {name} goes down, and no drill can measure how long it was away",
        "Write an address that answers while it is well; or `probe: null` when there is none",
        "probe: {read: ..., every: 30s}",
    ),
    ("services", "run_by"): Kind(
        "contracts with suppliers",
        "{field} of the supplier of {name}",
        "A runbook for {name} cannot say {field}",
        "Look into the contract",
        "{field}: ...",
    ),
    ("hosts", "site"): Kind(
        "sites of hosts",
        "where {name} stands",
        "No command is sent to {name}: nobody could tell what is lost with which site",
        "Name its site",
        "site: ...",
    ),
    ("hosts", "user"): Kind(
        "logins of hosts",
        "who Seawall logs in to {name} as",
        "No command is sent to {name}",
        "Make an account there that may do what `seawall doctor --needs` says, and no more",
        "user: ...",
    ),
    ("hosts", "key"): Kind(
        "logins of hosts",
        "where the private key for {name} is kept",
        "No command is sent to {name}",
        "Write where it is kept, never the key: file:/path, env:NAME, keyring:service/name or vault:path#key",
        "key: ...",
    ),
    ("hosts", "host_key"): Kind(
        "host keys",
        "the public key that {name} shows",
        "No command is sent to {name}: a stranger in its place could not be told from it",
        "See /etc/ssh/ssh_host_ed25519_key.pub on the machine itself; `ssh-keyscan` may meet a stranger",
        "host_key: ssh-ed25519 ...",
    ),
    ("hosts", "postgres"): Kind(
        "database servers",
        "by what the server {field} on {name} is reached and recognised",
        "Nothing is read from it, promoted or backed up",
        "Write database, user, password and replicator; the rest it says itself (`seawall fill ... --ask`)",
        "",
    ),
    ("sites", "address"): Kind(
        "addresses of sites",
        "street and town of {name}",
        "Nobody who must go to {name} is told where it is",
        "Write street and town",
        "address: ...",
    ),
    ("sites", "coordinates"): Kind(
        "coordinates of sites",
        "where {name} is on the map",
        "It cannot be told whether {name} lies in the water or under the storm",
        "Write latitude and longitude in degrees",
        "coordinates: [..., ...]",
    ),
    ("sites", "failure_domains"): Kind(
        "shared fate of sites",
        "what {name} hangs on: grid, basin, fibre",
        "It cannot be told whether {name} is lost together with another site",
        "Name them; or write `failure_domains: []` when it hangs on nothing that others do",
        "failure_domains: [...]",
    ),
}
"""Every kind of gap by where it stands, without names. The order is that in which one thing's gaps are filled."""
