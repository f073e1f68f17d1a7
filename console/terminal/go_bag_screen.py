"""A go-bag on a terminal: what it is, by whose word it is believed, and what to type for which failure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import typer

from console.terminal.desk import Desk
from console.terminal.from_go_bag import judge_here, wanted
from console.terminal.screen import Screen, language, next_command, out, words
from console.terminal.surroundings import find_city, surroundings
from seawall.errors import BadInput, ExitCode
from seawall.files import read_named
from seawall.go_bag.bag import Bag, Vouched, by_key, read_bag
from seawall.go_bag.contents import changed_since
from seawall.go_bag.kept import kept_at
from seawall.go_bag.manifest import KeptPlan
from seawall.report.figures import moment, span
from seawall.ssh_wire import NotASignature
from seawall.sshsig import fingerprint, key_from_line

MOST = 6
"""Changed files that are named."""
LARGEST_KEY = 64 * 1024


def verify_bag(file: Path | None, signed_by: str | None, *, city: Path | None, as_json: bool) -> None:
    """Check a go-bag, every byte of it, and say by whose word it is believed.

    Raises:
        BadInput: it is not to be used, and why.
        typer.Exit: 3 when the city has changed since it was made.
    """
    desk = _desk(city)
    path = _named(file, desk)
    judge = judge_here(str(path)) if signed_by is None else by_key(_fingerprint(signed_by), where=str(path))
    bag = read_bag(path, judge)
    if desk is not None:
        bag.refuse_other(desk.inventory.city.name)
    bag.refuse_old(surroundings().now())
    changed = None if desk is None else changed_since(bag.manifest, desk.folder)
    screen = out()
    if as_json:
        screen.raw(json.dumps(bag_as_json(bag, changed), indent=2, ensure_ascii=False))
    else:
        screen.say(f"Whole: {len(bag.members):,} files, each as it was signed.", "good")
        show_vouched(bag.vouched, screen)
        screen.say(_age_words(bag))
        _show_changed(changed, screen)
        if changed:
            next_command(screen, "seawall go-bag   # makes a new one")
        else:
            next_command(screen, f"seawall go-bag show {path}")
    raise typer.Exit(ExitCode.FAILED if changed else ExitCode.DONE)


def show_bag(file: Path | None, *, city: Path | None, as_json: bool) -> None:
    """Show what is in a go-bag, also one that is too old. Raises: BadInput when it cannot be believed."""
    desk = _desk(city)
    path = _named(file, desk)
    bag = read_bag(path, judge_here(str(path)))
    is_of_this_city = desk is not None and desk.inventory.city.name == bag.manifest.city
    changed = changed_since(bag.manifest, desk.folder) if desk is not None and is_of_this_city else None
    screen = out()
    if as_json:
        screen.raw(json.dumps(bag_as_json(bag, changed), indent=2, ensure_ascii=False))
        return
    show_contents(bag, screen)
    show_vouched(bag.vouched, screen)
    if bag.is_too_old(surroundings().now()):
        screen.say(_age_words(bag), "bad")
    _show_changed(changed, screen)
    first = next((one.name for one in bag.manifest.plans if one.lost is not None), "RUNBOOK")
    from_it = "" if wanted().path == path else f" --from-go-bag {path}"
    next_command(screen, f"seawall plan {first}{from_it}")


def show_contents(bag: Bag, screen: Screen, zone: tzinfo = UTC) -> None:
    """Show what is in a go-bag, and which plan answers which failure."""
    one = bag.manifest
    runbooks = len({name.rpartition("/")[2] for name in bag.members if _is_runbook(name)})
    to = ", ".join(dict.fromkeys(sealed.person for sealed in one.sealed_to))
    software = f"for Python {one.software.python} on {one.software.platform}" if one.software else "none"
    screen.say(f"{words(one.title)}, {moment(one.made_at, zone)}", "strong")
    screen.pairs(
        (
            ("made by", f"{one.made_by}, with Seawall {one.made_with}"),
            ("good for", span(one.good_for.total_seconds(), language())),
            ("holds", f"{len(one.members):,} files, {runbooks} runbooks, {len(one.plans)} plans"),
            ("secrets", f"{len(one.secrets)}, sealed to {to}" if to else "none"),
            ("software", software),
        )
    )
    for site in one.sites:
        if site.plans:
            screen.head(f"When {words(site.title)} is lost, in this order")
            _show_plans([plan for plan in one.plans if plan.name in site.plans], screen)
    others = [plan for plan in one.plans if plan.lost is None]
    if others:
        screen.head("When a supplier's service is gone")
        _show_plans(others, screen)
    if one.unplanned:
        screen.head("No plan could be made for")
        for lacking in one.unplanned:
            screen.say(f"{lacking.service}: {lacking.why}.", "warn", indent=2, hang=2)
    screen.say()


def show_vouched(vouched: Vouched, screen: Screen) -> None:
    """Say by whose word a go-bag is believed."""
    match vouched.against:
        case "trust-root":
            screen.say(
                f"Signed by {vouched.by}, as this machine's allowed_signers say: {vouched.key}",
                "good",
                hang=2,
            )
        case "key":
            screen.say(f"Signed by the key that you named: {vouched.key}", "good", hang=2)
        case "itself":
            screen.say(
                f"Signed by {vouched.key}, which it says is {vouched.by}'s. Nothing on this machine says so too:"
                " compare the key with a paper or a person that you trust.",
                "warn",
                hang=2,
            )


def bag_as_json(bag: Bag, changed: Sequence[str] | None) -> dict[str, Any]:
    """Return what is in a go-bag; the keys are documented in docs/json.md."""
    one = bag.manifest
    shown = one.model_dump(mode="json", exclude={"members", "format"})
    now = surroundings().now()
    return {
        **shown,
        "good_for_seconds": one.good_for.total_seconds(),
        "age_seconds": round(bag.age(now), 3),
        "too_old": bag.is_too_old(now),
        "signed": {"key": bag.vouched.key, "by": bag.vouched.by, "against": bag.vouched.against},
        "files": sorted(one.members),
        "changed": None if changed is None else list(changed),
    }


def _is_runbook(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return folder in ("city/runbooks", "product") and file.endswith((".yaml", ".yml"))


def _show_plans(plans: Sequence[KeptPlan], screen: Screen) -> None:
    for plan in plans:
        screen.say(words(plan.title), indent=2, hang=2)
        screen.raw(f"    seawall run {plan.name}")
        given = shlex.join(f"{name}={value}" for name, value in plan.parameters.items())
        screen.say(f"{plan.runbook} {given}", "dim", indent=4, hang=2)


def _show_changed(changed: Sequence[str] | None, screen: Screen) -> None:
    if changed is None:
        return
    if not changed:
        screen.say("The city is as it was when this was made.", "good")
        return
    more = f" and {len(changed) - MOST} more" if len(changed) > MOST else ""
    screen.say(f"Stale: changed since it was made: {', '.join(changed[:MOST])}{more}", "bad", hang=2)


def _age_words(bag: Bag) -> str:
    age = bag.age(surroundings().now())
    good_for = span(bag.manifest.good_for.total_seconds(), language())
    if age < 0:
        return f"Made {span(-age, language())} from now: the clock of this machine, or of that one, is wrong."
    return f"Made {span(age, language())} ago; good for {good_for}."


def _desk(city: Path | None) -> Desk | None:
    """Return the city that one stands in, if any: to look at a go-bag takes none."""
    if city is not None:
        return Desk.in_folder(city)
    try:
        return Desk.in_folder(find_city(None))
    except BadInput:
        return None


def _named(file: Path | None, desk: Desk | None) -> Path:
    """Return the go-bag that is meant. Raises: BadInput when none is named."""
    if (said := file or wanted().path) is not None:
        return said.expanduser().absolute()
    kept = list(kept_at(desk.settings, desk.inventory.city.name)) if desk is not None else []
    there = [path for path in kept if path.exists()]
    if there or kept:
        return (there or kept)[0]
    remedy = "Name it: seawall go-bag show FILE"
    raise BadInput.one(
        "no go-bag is named, and no settings say where one is kept", where="FILE", remedy=remedy
    )


def _fingerprint(said: str) -> str:
    if said.startswith("SHA256:"):
        return said
    path, name_it = Path(said).expanduser(), "Name a .pub file, or a fingerprint: SHA256:..."
    raw = read_named(path, said, at_most=LARGEST_KEY, name_what=name_it, when_larger=name_it)
    parts = raw.decode("ascii", errors="replace").split()
    try:
        return fingerprint(key_from_line(parts[0], parts[1]))
    except (NotASignature, IndexError) as error:
        raise BadInput.one("this is no public key", where=said, remedy=name_it) from error
