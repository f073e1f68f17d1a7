"""What the `lab` commands do: the lab itself is `drills.lab`; here it gets a folder, a city, and words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer

from console.terminal.desk import Desk
from console.terminal.init import make_city
from console.terminal.screen import Screen, next_command, out
from console.terminal.surroundings import operator
from drills.lab.faults import break_, heal
from drills.lab.inventory import write_inventory
from drills.lab.layout import LabLayout
from drills.lab.papers import write_papers
from drills.lab.people import keys_of, make_people
from drills.lab.status import LabStatus, lab_status
from drills.lab.up import lab_down, lab_up
from seawall.errors import BadInput, ExitCode
from seawall.report.figures import plain


def lab_folder(said: Path | None) -> Path:
    """Return the lab's folder: as said, else SEAWALL_LAB, else one of this account's own in /var/tmp."""
    if said is not None:
        return said.absolute()
    if os.environ.get("SEAWALL_LAB"):
        return Path(os.environ["SEAWALL_LAB"]).absolute()
    # Not below a home folder: for root, PostgreSQL runs as another account; and a socket's path is short.
    return Path(f"/var/tmp/seawall-lab-{os.getuid()}")  # noqa: S108 - the lab refuses a folder that is not its owner's


def city_of_lab(lab: Path) -> Path:
    """Return where the city of a lab is: beside its folder, so that runs outlive the lab."""
    return lab.with_name(f"{lab.name}-city")


def write_city(layout: LabLayout, folder: Path) -> None:
    """Write the reference city with this lab's machines; runs and what somebody changed in it stay.

    Raises:
        BadInput: the folder holds something else.
    """
    if not (folder / "inventory").is_dir():
        make_city(folder)
    write_inventory(layout, folder / "inventory")


def bring_up(
    said: Path | None, city: Path | None, *, first_port: int | None = None, papers: Path | None = None
) -> None:
    """Bring the lab up and write its city, or papers instead. Raises: LabMisused, LabError, BadInput."""
    if city is not None and papers is not None:
        problem = "a city of the lab's own and papers for one of yours are not written at once"
        raise BadInput.one(problem, where="--papers", remedy="Leave --city or --papers out")
    folder = lab_folder(said)
    screen = out()
    screen.say(f"The lab comes up in {folder}. Ctrl-C ends what was started.", "dim")
    layout = lab_up(folder, tell=lambda line: screen.say(line, indent=2), first_port=first_port)
    if papers is not None:
        _hand_out(layout, papers, screen)
        return
    place = (city or city_of_lab(folder)).absolute()
    write_city(layout, place)
    me = operator(None)
    trust = make_people(folder, (*Desk.at(place).inventory.people, me))
    screen.say(f"The lab is up. Its city is {place}.", "good")
    screen.say("For this terminal:")
    screen.raw(f"  export SEAWALL_CITY={place}")
    screen.say("To have yeses signed, as its people would, with keys made for them (docs/approvals.md):")
    screen.raw(f"  export SEAWALL_TRUST={trust} SEAWALL_KEY={keys_of(folder) / me}")
    next_command(
        screen,
        f"seawall doctor --city {place}",
        f"seawall drill run lose-a-site --city {place}",
        "seawall lab break kill-site north",
    )


def _hand_out(layout: LabLayout, papers: Path, screen: Screen) -> None:
    written = write_papers(layout, papers)
    screen.say("The lab is up. What there is on paper of its machines:", "good")
    for path in written:
        screen.raw(f"  {path}")
    sources = f"--from {papers / 'ssh_config'} --known-hosts {papers / 'known_hosts'}"
    next_command(screen, f"seawall init my-city --from services.csv {sources}")


def show_status(said: Path | None, *, as_json: bool) -> None:
    """Show what is there. Raises: typer.Exit with 3 when it is not all well."""
    folder = lab_folder(said)
    seen = lab_status(folder)
    if as_json:
        out().raw(json.dumps({**seen.model_dump(mode="json"), "all_answer": seen.all_answer}, indent=2))
    else:
        _show(seen, out())
    raise typer.Exit(ExitCode.DONE if seen.all_answer else ExitCode.FAILED)


def break_it(said: Path | None, fault: str, target: str) -> None:
    """Break something. Raises: LabMisused, LabError."""
    broken = break_(lab_folder(said), fault, target)
    screen = out()
    screen.say(f"{broken.fault} {broken.target}: {broken.saw}.", "bad")
    next_command(screen, "seawall plan postgres-failover service=login", "seawall lab heal")


def heal_it(said: Path | None, target: str) -> None:
    """Make it whole. Raises: LabMisused, LabError."""
    healed = heal(lab_folder(said), target)
    screen = out()
    told = []
    if healed.turned_on:
        told.append(f"turned on {', '.join(healed.turned_on)}")
    if healed.continued:
        told.append(f"let {healed.continued} programs go on")
    if healed.link_restored:
        told.append("the link is whole")
    screen.say(f"{'; '.join(told) or 'Nothing was broken'}.".capitalize(), "good")
    next_command(screen, "seawall lab status", "seawall run postgres-failback service=login")


def take_down(said: Path | None) -> None:
    """End it. Raises: LabMisused, LabError."""
    folder = lab_folder(said)
    lab_down(folder)
    screen = out()
    screen.say(f"The lab in {folder} is down: no program of it is left, and its files are removed.")
    city = city_of_lab(folder)
    if city.is_dir():
        screen.say(f"Its city, with every run, is still in {city}.")
    next_command(screen, "seawall lab up")


def check_is_of_lab(layout: LabLayout, hosts: dict[str, str], city: Path) -> None:
    """Check that a city's hosts are this lab's, by their keys, before anything is broken or carried out.

    Raises:
        BadInput: one is not; a drill in the lab must never act on a real machine.
    """
    other = sorted(
        name
        for name, key in hosts.items()
        if name not in layout.hosts or layout.hosts[name].host_key.split() != key.split()
    )
    if other or not hosts:
        problem = (
            f"hosts of this city are not machines of the lab that is up: {', '.join(other) or 'it has none'}"
        )
        remedy = (
            "Name the lab's own city with --city; `seawall lab up` says where it is. A lab that came up anew has new"
            " keys: begin your city for it anew, too"
        )
        raise BadInput.one(problem, where=str(city / "inventory" / "hosts.yaml"), remedy=remedy)


def _show(seen: LabStatus, screen: Screen) -> None:
    tones = {"up": "good", "in part": "bad", "down": "plain"}
    screen.say(f"The lab in {seen.folder} is {seen.state}.", tones[seen.state])  # type: ignore[arg-type]
    room = max((len(one.name) for one in seen.machines), default=0)
    for machine in seen.machines:
        held = f", {machine.stopped} of them held" if machine.stopped else ""
        stand = f"on, {machine.programs} programs{held}" if machine.on else "OFF"
        screen.columns(((machine.name, room), (stand, 0)), "plain" if machine.on else "bad")
        for service in machine.services:
            if not service.answers:
                screen.say(f"{service.name} does NOT answer: {plain(service.saw)}", "bad", indent=4, hang=2)
    for leftover in seen.leftovers:
        screen.say(
            f"left over: {leftover.pid} of {leftover.machine} ({leftover.how})", "bad", indent=2, hang=2
        )
    if seen.state == "down":
        next_command(screen, "seawall lab up")
    elif seen.all_answer:
        city = city_of_lab(seen.folder)
        next_command(screen, f"seawall drill run lose-a-site --city {city}", "seawall lab down")
    else:
        next_command(screen, "seawall lab heal", "seawall lab down")
