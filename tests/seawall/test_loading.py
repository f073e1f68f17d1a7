"""A city is loaded whole or not at all, and every mistake in it is told at once, where it stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

import drills
from seawall.errors import BadInput
from seawall.expressions import text_in_both
from seawall.loading import (
    PRODUCT,
    load_city,
    load_file,
    load_inventory,
    load_runbook,
    load_runbooks,
    load_templates,
)
from seawall.loading.message_files import message_templates, read_message
from seawall.loading.runbook_files import read_runbook
from seawall.model import Frozen
from seawall.views import ServiceView, SiteView

HAVNBY = Path(drills.__file__).parent / "city"
BROKEN = Path(__file__).parent / "broken_city"
SMALL = Path(__file__).parent / "small_city"
CITY = "inventory/city.yaml"

Edit = Callable[..., Path]


def refusal(load, *args) -> list[str]:
    with pytest.raises(BadInput) as refused:
        load(*args)
    return [str(one) for one in refused.value.mistakes]


@pytest.fixture
def town_with(tmp_path) -> Edit:
    """Copy the small city with each `old` in a file replaced by `new`; a file that is not there gets `new`."""

    def edited(file: str, *changes: tuple[str, str]) -> Path:
        folder: Path = tmp_path / "town"
        if not folder.exists():
            shutil.copytree(SMALL, folder)
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        text = path.read_text() if path.exists() else ""
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text)
        return folder

    return edited


def test_the_reference_city_has_no_mistakes_and_nothing_to_be_said_about_it():
    city = load_city(HAVNBY)
    assert city.findings == ()
    assert len(city.inventory.services) == 11
    assert set(city.inventory.needed_by("login")) == {
        "digital-mail",
        "payment-account",
        "self-service",
        "business-portal",
        "health-record",
    }
    assert "dispatch-feed" in city.inventory.needed_by("dns")
    assert {"postgres-failover", "postgres-failback", "notify"} <= set(city.runbooks)
    assert city.place("notify", ("runbook",)) == f"{PRODUCT / 'notify.yaml'}:2:10"


@pytest.mark.golden
def test_a_broken_city_tells_every_mistake_at_once_in_the_order_of_its_files(golden):
    golden("loading/broken-city.txt", "\n".join(refusal(load_city, BROKEN)) + "\n")


def test_no_secret_written_into_a_file_is_told_again():
    assert "hunter2" in (BROKEN / "inventory" / "hosts.yaml").read_text()
    assert "hunter2" not in "\n".join(refusal(load_city, BROKEN))


def test_a_folder_that_is_no_city_says_how_to_make_one(tmp_path):
    remedy = "Go to the city's folder or name it, or make one with `seawall init DIR`."
    for folder in (tmp_path, tmp_path / "none"):
        assert refusal(load_city, folder) == [f"{folder}: is no city: it has no inventory/*.yaml. {remedy}"]


NORTH_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr"
SOUTH_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAICccrFNK7V5h1FHlSWzYTi+qk+UxYH0ifuDbqaRX2A1D"
NORTH_UUID = "62d26fe8-e5a7-445e-9e31-9a55d1fd0b9d"
SOUTH_UUID = "33e588c0-1e6a-4184-8a84-f3a762ac18ee"
SERVERS = "{north: north-db/login, south: south-db/login}"
CONTRADICTIONS = {
    "a service at a witness": ("{active: north, standby: south}", "{active: north, standby: witness}"),
    "servers at each other's sites": (SERVERS, "{north: south-db/login, south: north-db/login}"),
    "a standby of something else": ("7574261893311420117", "7574261893311420118"),
    "clusters of one name": ("login-south", "login-north"),
    "hosts with one key": (SOUTH_KEY, NORTH_KEY),
    "hosts at one address": ("198.51.100.11", "192.0.2.11"),
    "one machine's power twice": (SOUTH_UUID, NORTH_UUID.upper()),
    "a backup of nothing": ("service: login", "service: mail"),
    "a backup from nowhere": ("taken_at: north", "taken_at: witness"),
    "a circle of needs": ("needs: [register]", "needs: [mail]"),
    "a supplier's service that we write to": ('read: "https://register.example/alive"', "write: ledger"),
    "a probe that writes, and no way in": ('read: "https://mail.town.example/alive"', "write: ledger"),
    "a name to look up in nobody's zone": ("https://mail.town.example/alive", "dns://mail.village.example"),
    "an audience of nobody": ("people: [second]", "people: []"),
}


@pytest.mark.golden
def test_what_contradicts_itself_is_a_mistake(golden, town_with):
    told = []
    for name, change in CONTRADICTIONS.items():
        folder = town_with(CITY, change)
        told += [name, *refusal(load_inventory, folder), ""]
        shutil.rmtree(folder)
    golden("loading/contradictions.txt", "\n".join(told))


def test_a_name_in_two_files_is_a_mistake_that_names_both(town_with):
    folder = town_with("inventory/zones.yaml", ("", "zones: {town.example: {}}\ncity: {}\n"))
    told = [one.partition(". ")[0] for one in refusal(load_inventory, folder)]
    assert told == [
        "inventory/zones.yaml:1:9: `town.example` stands in two files; the other is inventory/city.yaml:69:3",
        "inventory/zones.yaml:2:1: `city` stands in two files; the other is inventory/city.yaml:2:1",
    ]


def test_an_inventory_without_its_first_section_says_which_line_to_add(tmp_path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "more.yaml").write_text("services: {}\n")
    assert refusal(load_inventory, tmp_path) == [
        "inventory: there is no `city`. Add it.\n    city: {name: ..., title: {en: ..., da: ...}}",
    ]


def test_a_file_that_cannot_be_read_makes_no_names_of_others_wrong(town_with):
    folder = town_with(CITY, ("needs: [register]", "needs: [elsewhere]"))
    town_with("inventory/more.yaml", ("", "services: {elsewhere: \n"))
    assert [one.partition(": ")[0] for one in refusal(load_inventory, folder)] == ["inventory/more.yaml:2:1"]


def test_sections_of_the_wrong_kind_are_told_and_the_rest_still_read(town_with):
    folder = town_with("inventory/more.yaml", ("", "- services\n"))
    town_with("inventory/most.yaml", ("", "audiences: [all]\n"))
    told = refusal(load_inventory, folder)
    assert [one.partition(". ")[0] for one in told] == [
        "inventory/more.yaml:1:1: holds no sections",
        "inventory/most.yaml:1:12: `audiences` must hold entries by name",
    ]


BACKUP = SMALL.joinpath(CITY).read_text().partition("backups:")[2].partition("people:")[0]
COPIES = "[north-store, south-store, witness-store]"
FINDINGS = {
    "nothing": [],
    "copies where they are taken": [(COPIES, "[north-store]")],
    "two halls on one grid": [("grid-south", "grid-north")],
    "copies that drown together": [("basin-bay", "basin-sound"), (COPIES, "[north-store, south-store]")],
    "a promise that leans on a slower one": [("promised_rto: 15m", "promised_rto: 4h")],
    "a name for an address": [("address: 192.0.2.11", "address: north-db.town.example")],
    "a database without backups": [(BACKUP, " {}\n")],
}


@pytest.mark.golden
def test_what_is_allowed_and_should_be_known_is_a_finding(golden, town_with):
    told = []
    for name, changes in FINDINGS.items():
        folder = town_with(CITY, *changes)
        findings = [one for one in load_city(folder).findings if one.where.startswith("inventory/")]
        told += [name, *map(str, findings), ""]
        shutil.rmtree(folder)
    golden("loading/findings.txt", "\n".join(told))


OWN = """\
runbook: {name}
title: Ours
why: Because
steps:
  - {{id: ring, does: Ring, by: {role}, within: 5m, approve: {{by: incident-commander, people: {people}, within: 5m}}}}
"""


def test_a_citys_own_runbook_replaces_its_namesake_and_its_own_message_too(town_with):
    folder = town_with("runbooks/notify.yaml", ("", OWN.format(name="notify", role="duty-officer", people=2)))
    town_with("templates/service-down.yaml", ("", "subject: Down\nbody: '{{ service.title }} is down'\n"))
    city = load_city(folder)
    assert str(city.runbooks["notify"].title) == "Ours"
    assert str(city.templates["service-down"].subject) == "Down"
    assert city.place("notify", ("title",)) == "runbooks/notify.yaml:2:8"


def test_a_runbook_that_waits_for_people_the_city_does_not_have_is_a_mistake(town_with):
    folder = town_with("runbooks/ours.yaml", ("", OWN.format(name="ours", role="duty-oficer", people=3)))
    role, people = refusal(load_city, folder)
    assert role.startswith(
        "runbooks/ours.yaml:5:32: nobody can act as `duty-oficer`. Write `duty-officer`.\n"
    )
    assert "by: duty-officer, within: 5m" in role
    assert people == (
        "runbooks/ours.yaml:5:66: 3 people must say yes, and 2 can act as incident-commander. "
        "Give more people the role in inventory/people.yaml."
    )


def test_people_missing_for_our_own_runbooks_are_a_finding_and_stop_nothing(town_with):
    folder = town_with(CITY, *[("incident-commander", "engineer")] * 2)
    told = [str(one) for one in load_city(folder).findings]
    assert told
    assert all("nobody can act as `incident-commander`. Give somebody the role" in one for one in told)


def test_runbooks_that_use_one_another_in_a_circle_are_named_as_a_path(tmp_path):
    for name, used in (("here", "there"), ("there", "here")):
        step = f"{{id: one, does: Use, runbook: {used}}}"
        (tmp_path / f"{name}.yaml").write_text(f"runbook: {name}\ntitle: T\nwhy: W\nsteps: [{step}]\n")
    (told,) = refusal(load_runbooks, [tmp_path])
    assert told.startswith(
        f"{tmp_path / 'here.yaml'}:4:39: runbooks use one another in a circle: here -> there -> here. "
    )


def test_a_runbook_that_cannot_be_read_makes_those_that_use_it_no_worse(tmp_path):
    (tmp_path / "broken.yaml").write_text("runbook: {\n")
    step = "{id: one, does: Use, runbook: broken}"
    (tmp_path / "uses.yaml").write_text(f"runbook: uses\ntitle: T\nwhy: W\nsteps: [{step}]\n")
    assert [one.partition(": ")[0] for one in refusal(load_runbooks, [tmp_path])] == [
        f"{tmp_path / 'broken.yaml'}:2:1"
    ]


class Kill(Frozen):
    break_: Annotated[Literal["kill"], Field(alias="break")]
    host: str
    hard: bool = True


class Cut(Frozen):
    break_: Annotated[Literal["cut"], Field(alias="break")]
    between: tuple[str, str]


class Heal(Frozen):
    heal: Literal["everything"]


class Story(Frozen):
    moments: tuple[Annotated[Kill | Cut, Field(discriminator="break_")] | Heal, ...]
    end: str | int = 0


STORY = """\
moments:
  - {break: kil, host: a}
  - {break: kill, hots: a}
  - {break: cut, between: [a]}
  - {heal: everthing}
  - {}
end: [x]
"""


def test_of_the_kinds_an_entry_may_be_only_the_one_that_was_meant_is_spoken_of(tmp_path):
    (tmp_path / "story.yaml").write_text(STORY)
    assert refusal(load_file, tmp_path / "story.yaml", Story, "s.yaml") == [
        "s.yaml:2:13: `break` is not one of kill, cut. Write `kill`.\n      - {break: kill, host: a}",
        "s.yaml:3:19: `hots` is not known here. Write `host`.\n      - {break: kill, host: a}",
        "s.yaml:4:18: `between` has too few values. It takes 2 values.",
        "s.yaml:5:12: `heal` is not one of everything. Write `everything`.\n      - {heal: everything}",
        "s.yaml:6:5: entry 5 of `moments` has no `heal`. Add it.\n      - {heal: everything}",
        "s.yaml:7:6: `end` must be a text, and is a list. Write a text.",
    ]


def test_a_missing_runbook_file_says_so(tmp_path):
    assert refusal(load_runbook, tmp_path / "none.yaml") == [
        f"{tmp_path / 'none.yaml'}: there is no such file. Check the name, and the folder you are in."
    ]


@pytest.mark.parametrize("path", sorted(PRODUCT.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_runbooks_hold_no_mistake_in_their_templates_either(path):
    assert read_runbook(path, path.name).mistakes == ()


MESSAGES = sorted((PRODUCT / "messages").glob("*.yaml"))


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_our_messages_name_only_what_every_message_may_name(path):
    file = read_message(path, path.name)
    assert [*file.mistakes, *message_templates(file, ())] == []


@pytest.mark.golden
@pytest.mark.parametrize("name", [path.stem for path in MESSAGES])
def test_our_messages_read_as_agreed(golden, name):
    inventory = load_inventory(HAVNBY)
    sites = {which: SiteView(which, inventory.sites[which].title) for which in ("north", "south")}
    service = "citizen-register" if name.startswith("supplier") else "login"
    names = {"service": ServiceView(inventory, service), "to": sites["south"], "from_site": sites["north"]}
    message = load_templates([PRODUCT / "messages"])[name]
    subject, body = text_in_both(message.subject, names), text_in_both(message.body, names)
    golden(f"messages/{name}.txt", f"{subject.da}\n\n{body.da}\n---\n\n{subject.en}\n\n{body.en}")
