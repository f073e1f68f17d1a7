"""What a city does not say yet: said as missing, never made up, and nothing that needs it goes on without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import drills
from connectors.world import memory_world
from seawall.binding import facts_to_read, make_plan
from seawall.errors import BadInput
from seawall.gaps import counted, gaps
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.loading import City, load_city
from seawall.model import Text
from seawall.parameters import MessageNamed
from seawall.plan import Plan
from seawall.views import ServiceView

FAILOVER = ("postgres-failover", {"service": "login", "to": "south"})


@pytest.fixture
def havnby(tmp_path):
    """The reference city in a folder of its own, and `without`: its files with lines left out or changed."""
    folder = tmp_path / "city"
    shutil.copytree(Path(drills.__file__).parent / "city", folder)

    def without(name: str, *changes: tuple[str, str]) -> City:
        path = folder / "inventory" / name
        text = path.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)
        return load_city(folder)

    return without


def ground_of(city: City) -> Ground:
    world = memory_world(city.inventory)
    return Ground(city.inventory, city.runbooks, city.templates, world, city.place, city.written)


def plan_it(city: City) -> Plan:
    runbook, given = FAILOVER
    facts_to_read(runbook, ground_of(city), given)
    return make_plan(runbook, ground_of(city), given, exercise=True)


def plan_refused(city: City) -> list[str]:
    with pytest.raises(BadInput) as refused:
        plan_it(city)
    return [f"{one.where}: {one.problem}" for one in refused.value.mistakes]


def named(city: City) -> set[str]:
    return {gap.about for gap in gaps(city.inventory, city.written)}


KEY = "    host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr\n"


def test_no_plan_reaches_a_host_whose_key_is_not_pinned(havnby):
    city = havnby("hosts.yaml", (KEY, ""))
    assert plan_refused(city) == [
        "inventory/hosts.yaml:4: hosts.north-db.host_key is not written down yet: the public key that north-db shows"
    ]


def test_every_gap_in_the_way_of_a_plan_is_told_at_once(havnby):
    city = havnby(
        "hosts.yaml",
        (KEY, ""),
        ("        cluster_name: login-south\n", ""),
        ('        system_identifier: "7574261893311420117"\n', ""),
    )
    assert plan_refused(city) == [
        (
            "inventory/hosts.yaml:41: hosts.south-db.postgres.login is not written down yet: "
            "by what the server login on south-db is reached and recognised"
        ),
        "inventory/hosts.yaml:4: hosts.north-db.host_key is not written down yet: the public key that north-db shows",
        (
            "inventory/hosts.yaml:16: hosts.north-db.postgres.login is not written down yet: "
            "by what the server login on north-db is reached and recognised"
        ),
    ]


DNS_RUNS = "    runs_at: {active: north, standby: south}\n"
DNS_PROBE = """\
    probe: {read: "dns://www.city.example", every: 30s, misses: 4} # looked up at the zone's own server
"""


def test_what_is_said_to_be_none_is_no_gap(havnby):
    city = havnby(
        "services.yaml",
        (f"{DNS_RUNS}{DNS_PROBE}", "    runs_at: {active: north, standby: null}\n    probe: null\n"),
    )
    assert named(city) == set()


def test_the_reference_city_lacks_nothing(havnby):
    assert named(havnby("city.yaml")) == set()


WITHOUT_LOGIN = """\
    without_it:
      en: Nobody can sign in to digital mail, self-service or the business portal
      da: Ingen kan logge på digital post, selvbetjening eller erhvervsportalen
"""


@pytest.mark.parametrize(
    ("change", "about"),
    [
        (("{active: south, standby: north}", "{active: south}"), "services.digital-mail.runs_at.standby"),
        ((", south: south-db/login}}", "}}"), "services.login.database.at.south"),
        (("s: {north: north, south: south}", "s: {north: north}"), "services.login.reached_through.backends.south"),
        (("      address: {north: north-db, south: south-db}\n", ""), "services.login.reached_through.address.north"),
        ((DNS_PROBE, ""), "services.dns.probe"),
        (("tier: 1\n    needs: [dns, cit", "needs: [dns, cit"), "services.login.tier"),
    ],
)  # fmt: skip
def test_what_is_left_out_of_a_service_is_a_gap_and_no_mistake(havnby, change, about):
    assert about in named(havnby("services.yaml", change))


def test_a_missing_text_is_said_as_missing_in_both_languages_and_stops_no_plan(havnby):
    city = havnby("services.yaml", (WITHOUT_LOGIN, ""))
    view = ServiceView(city.inventory, "login")
    assert view.without_it == Text(en="not written down yet", da="endnu ikke skrevet ned")
    told = MessageNamed(ground_of(city), {"service": view, "from_site": view.active})("service-down")
    assert "Det betyder: endnu ikke skrevet ned." in told.body.in_("da")
    assert plan_it(city).steps
    assert "services.login.without_it" in named(city)


def test_targets_in_part_lack_the_rest_and_judge_by_what_there_is(havnby):
    city = havnby(
        "services.yaml",
        (
            "targets: {rto: 15m, rpo: 30s, mtpd: 4h, approved_by: dr-manager, on: 2026-10-01}",
            "targets: {rto: 15m}",
        ),
    )
    (gap,) = (one for one in gaps(city.inventory, city.written) if one.about == "services.login.targets")
    assert gap.missing == "what was promised for login: rpo, mtpd, approved_by, on"
    assert (gap.line.strip(), gap.instead) == (
        "targets: {rpo: ..., mtpd: ..., approved_by: ..., on: ..., rto: 15m}",
        True,
    )


def test_the_line_to_write_stands_where_it_says_and_is_refused_until_it_is_filled(havnby):
    city = havnby("hosts.yaml", (KEY, ""))
    (gap,) = (one for one in gaps(city.inventory, city.written) if one.about == "hosts.north-db.host_key")
    path, _, line = gap.where.partition(":")
    lines = (city.folder / path).read_text().splitlines()
    (city.folder / path).write_text("\n".join([*lines[: int(line)], gap.line, *lines[int(line) :]]) + "\n")
    with pytest.raises(BadInput) as refused:
        load_city(city.folder)
    assert refused.value.where.startswith(f"{path}:{int(line) + 1}:")
    text = (city.folder / path).read_text().replace(gap.line, KEY.rstrip())
    (city.folder / path).write_text(text)
    assert load_city(city.folder).inventory.host("north-db").host_key == KEY.split(": ")[1].strip()


@pytest.mark.parametrize(
    "line", ["    user: ...", "    title: {en: ..., da: ...}", "    needs: [...]", "    x: .../..."]
)
def test_a_line_pasted_and_not_filled_is_a_mistake(tmp_path, line):
    (tmp_path / "inventory").mkdir()
    text = f"city: {{name: a, title: A}}\nservices:\n  one:\n{line}\n"
    (tmp_path / "inventory" / "city.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        load_city(tmp_path)
    assert any("is not filled in yet" in one.problem for one in refused.value.mistakes)


def test_a_comment_that_marks_the_gap_is_the_line_to_edit(havnby):
    city = havnby("hosts.yaml", (KEY, "    # gap: user, host_key\n"))
    (gap,) = (one for one in gaps(city.inventory, city.written) if one.about == "hosts.north-db.host_key")
    lines = (city.folder / "inventory" / "hosts.yaml").read_text().splitlines()
    assert lines[int(gap.where.rpartition(":")[2]) - 1].strip() == "# gap: user, host_key"


def test_what_stands_in_the_way_of_everything_comes_first_then_the_most_needed_service_whole():
    city = Inventory.model_validate(
        {
            "city": {"name": "a", "title": "A"},
            "hosts": {"db": {"address": "192.0.2.1"}, "other": {"address": "192.0.2.2"}},
            "services": {
                "portal": {"title": "P", "tier": 1, "needs": ["login"]},
                "paper": {"title": "X"},
                "login": {"title": "L", "database": {"engine": "postgres", "at": {"n": "db/login"}}},
            },
        }
    )
    found = [gap.about for gap in gaps(city)]
    assert found[:2] == ["sites", "people"]
    about = [name.split(".")[1] if "." in name else name for name in found[2:]]
    assert list(dict.fromkeys(about)) == ["login", "db", "portal", "paper", "mail", "audiences", "other"]
    assert counted(gaps(city))["targets"] == 3


def test_every_gap_says_what_is_not_possible_how_to_find_out_and_what_to_write(tmp_path):
    city = Inventory.model_validate(
        {
            "city": {"name": "a", "title": "A"},
            "sites": {"n": {"title": "N"}, "s": {"title": "S"}},
            "hosts": {"db": {"address": "192.0.2.1", "postgres": {"login": {}}}},
            "services": {
                "one": {"title": "1", "runs_at": {"active": "n"}},
                "two": {
                    "title": "2",
                    "runs_at": {"active": "n", "standby": "s"},
                    "database": {"engine": "postgres", "at": {}},
                },
                "three": {"title": "3", "run_by": {"supplier": "They"}},
            },
        }
    )
    found = gaps(city)
    assert len(found) > 20
    for gap in found:
        told = (gap.missing, gap.impossible, gap.how, gap.line)
        assert all(told), gap
        assert not any(word.endswith(".") for word in told[:3]), gap
        assert not any(sign in word for word in told[:3] for sign in ("{name}", "{field}")), gap
        assert "..." in gap.line


def test_an_inventory_of_nothing_but_its_name_loads_and_lacks_everything(tmp_path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "city.yaml").write_text("city: {name: a, title: A}\n")
    city = load_city(tmp_path)
    assert named(city) == {"sites", "services", "people", "mail", "audiences"}
    assert [gap.where for gap in gaps(city.inventory, city.written)] == [
        "inventory/sites.yaml:1",
        "inventory/services.yaml:1",
        "inventory/people.yaml:1",
        "inventory/mail.yaml:1",
        "inventory/audiences.yaml:1",
    ]
