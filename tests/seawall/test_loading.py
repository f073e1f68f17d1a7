"""A city is loaded whole or not at all, and every mistake in it is told at once, where it stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import drills
from seawall.errors import BadInput
from seawall.expressions import text_in_both
from seawall.loading import PRODUCT, load_city, load_inventory, load_runbook, load_runbooks, load_templates
from seawall.loading.message_files import message_templates, read_message
from seawall.loading.runbook_files import read_runbook
from seawall.views import ServiceView, SiteView

HAVNBY = Path(drills.__file__).parent / "city"
BROKEN = Path(__file__).parent / "broken_city"

Edit = Callable[..., Path]


def refusal(load, *args) -> list[str]:
    with pytest.raises(BadInput) as refused:
        load(*args)
    return [str(one) for one in refused.value.mistakes]


@pytest.fixture
def havnby_with(tmp_path) -> Edit:
    """Make a copy of the reference city in which each `old` in a file reads `new`."""

    def edited(file: str, *changes: tuple[str, str]) -> Path:
        folder: Path = tmp_path / "city"
        if not folder.exists():
            shutil.copytree(HAVNBY, folder)
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        text = path.read_text() if path.exists() else ""
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1) if old else new
        path.write_text(text)
        return folder

    return edited


def test_the_reference_city_has_no_mistakes_and_nothing_to_be_said_about_it():
    city = load_city(HAVNBY)
    assert city.findings == ()
    assert len(city.inventory.services) == 9
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
NORTH_WEB_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIE2Z5YgyNguT+r3IF3Q53DdcyQEL/wS9H8ugWwUNQaWO"
LOGIN_AT = "runs_at: {active: north, standby: south}\n    database"
CONTRADICTIONS = {
    "a service at a witness": ("services", LOGIN_AT, LOGIN_AT.replace("south", "witness")),
    "servers at each other's sites": (
        "services",
        "{north: north-db/login, south: south-db/login}",
        "{north: south-db/login, south: north-db/login}",
    ),
    "a standby of something else": ("hosts", "7574261893311420117", "7574261893311420118"),
    "clusters of one name": ("hosts", "login-south", "login-north"),
    "hosts with one key": ("hosts", NORTH_WEB_KEY, NORTH_KEY),
    "hosts at one address": ("hosts", "192.0.2.21", "192.0.2.11"),
    "one machine's power twice": (
        "hosts",
        "33e588c0-1e6a-4184-8a84-f3a762ac18ee",
        "62D26FE8-e5a7-445e-9e31-9a55d1fd0b9d",
    ),
    "a backup of nothing": ("backups", "service: login", "service: dns"),
    "a backup from nowhere": ("backups", "taken_at: north", "taken_at: witness"),
    "a circle of needs": ("services", "needs: [dns, citizen-register]", "needs: [self-service]"),
    "a supplier's service that we write to": (
        "services",
        'read: "https://register.supplier.example/alive"',
        "write: ledger",
    ),
    "a probe that writes, and no way in": (
        "services",
        'read: "https://post.city.example/alive"',
        "write: ledger",
    ),
}


@pytest.mark.golden
def test_what_contradicts_itself_is_a_mistake(golden, havnby_with):
    told = []
    for name, (file, *change) in CONTRADICTIONS.items():
        folder = havnby_with(f"inventory/{file}.yaml", tuple(change))
        told += [name, *refusal(load_inventory, folder), ""]
        shutil.rmtree(folder)
    golden("loading/contradictions.txt", "\n".join(told))


def test_a_name_in_two_files_is_a_mistake_that_names_both(havnby_with):
    folder = havnby_with("inventory/zones.yaml", ("", "zones: {city.example: {}}\ncity: {}\n"))
    zone, city = refusal(load_inventory, folder)
    assert zone.startswith(
        "inventory/zones.yaml:1:9: `city.example` stands in two files; the other is inventory/hosts.yaml:"
    )
    assert city.startswith(
        "inventory/zones.yaml:2:1: `city` stands in two files; the other is inventory/city.yaml:3:1."
    )


def test_an_inventory_without_its_first_sections_says_which_lines_to_add(tmp_path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "more.yaml").write_text("services: {}\n")
    assert refusal(load_inventory, tmp_path) == [
        "inventory: there is no `city`. Add it.\n    city: {name: ..., title: {en: ..., da: ...}}",
        "inventory: there is no `sites`. Add it.\n    sites: {}",
    ]


def test_a_file_that_cannot_be_read_makes_no_names_of_others_wrong(havnby_with):
    folder = havnby_with("inventory/sites.yaml", ("sites:", "sites"))
    assert [one.partition(": ")[0] for one in refusal(load_inventory, folder)] == ["inventory/sites.yaml:5:8"]


def test_sections_of_the_wrong_kind_are_told_and_the_rest_still_read(havnby_with):
    folder = havnby_with("inventory/more.yaml", ("", "- services\n"))
    havnby_with("inventory/most.yaml", ("", "audiences: [all]\n"))
    told = refusal(load_inventory, folder)
    assert [one.partition(". ")[0] for one in told] == [
        "inventory/more.yaml:1:1: holds no sections",
        "inventory/most.yaml:1:12: `audiences` must hold entries by name",
    ]


COPIES = "[north-store, south-store, witness-store]"
FINDINGS = {
    "copies where they are taken": [("backups", COPIES, "[north-store]")],
    "two halls on one grid": [("sites", "grid-avedoere", "grid-nordhavn")],
    "copies that drown together": [
        ("sites", "basin-koege-bay", "basin-the-sound"),
        ("backups", COPIES, "[north-store, south-store]"),
    ],
    "a promise that leans on a slower one": [("services", "promised_rto: 15m", "promised_rto: 4h")],
    "a name for an address": [("hosts", "address: 192.0.2.11", "address: north-db.city.example")],
}


@pytest.mark.golden
def test_what_is_allowed_and_should_be_known_is_a_finding(golden, havnby_with):
    told = []
    for name, changes in FINDINGS.items():
        (folder,) = {havnby_with(f"inventory/{file}.yaml", tuple(change)) for file, *change in changes}
        told += [name, *map(str, load_city(folder).findings), ""]
        shutil.rmtree(folder)
    golden("loading/findings.txt", "\n".join(told))


def test_a_database_without_backups_is_a_finding(havnby_with):
    folder = havnby_with("inventory/backups.yaml")
    (folder / "inventory" / "backups.yaml").write_text("backups: {}\n")
    told = [one.problem for one in load_city(folder).findings]
    assert told == ["no backup of login is taken; a standby repeats every mistake at once"]


OWN = """\
runbook: {name}
title: Ours
why: Because
steps:
  - {{id: ring, does: Ring, by: {role}, within: 5m, approve: {{by: incident-commander, people: {people}, within: 5m}}}}
"""


def test_a_citys_own_runbook_replaces_its_namesake_and_its_own_message_too(havnby_with):
    folder = havnby_with(
        "runbooks/notify.yaml", ("", OWN.format(name="notify", role="duty-officer", people=2))
    )
    havnby_with("templates/service-down.yaml", ("", "subject: Down\nbody: '{{ service.title }} is down'\n"))
    city = load_city(folder)
    assert str(city.runbooks["notify"].title) == "Ours"
    assert str(city.templates["service-down"].subject) == "Down"
    assert city.place("notify", ("title",)) == "runbooks/notify.yaml:2:8"


def test_a_runbook_that_waits_for_people_the_city_does_not_have_is_a_mistake(havnby_with):
    folder = havnby_with("runbooks/ours.yaml", ("", OWN.format(name="ours", role="duty-oficer", people=3)))
    role, people = refusal(load_city, folder)
    assert role.startswith(
        "runbooks/ours.yaml:5:32: nobody can act as `duty-oficer`. Write `duty-officer`.\n"
    )
    assert "by: duty-officer, within: 5m" in role
    assert people == (
        "runbooks/ours.yaml:5:66: 3 people must say yes, and 2 can act as incident-commander. "
        "Give more people the role in inventory/people.yaml."
    )


def test_people_missing_for_our_own_runbooks_are_a_finding_and_stop_nothing(havnby_with):
    folder = havnby_with("inventory/people.yaml", *[("roles: [incident-commander]", "roles: [engineer]")] * 2)
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
    names = {"service": ServiceView(inventory, "login"), "to": sites["south"], "from_site": sites["north"]}
    message = load_templates([PRODUCT / "messages"])[name]
    subject, body = text_in_both(message.subject, names), text_in_both(message.body, names)
    golden(f"messages/{name}.txt", f"{subject.da}\n\n{body.da}\n---\n\n{subject.en}\n\n{body.en}")
