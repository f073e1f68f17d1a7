"""What would leave somebody unasked or untold: each with its place in the files, and none of it in the way of a run."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import drills
from seawall.errors import BadInput
from seawall.gaps import gaps
from seawall.inventory import Inventory
from seawall.loading import City, load_city

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
GOOD = """\
people:
  ada: {title: Ada Aften, roles: [evening], email: ada@example.dk}
  bo: {title: Bo Bagefter, roles: [evening], telephone: +45 00 00 00 88}
duties:
  evening:
    weekly: {handover: monday 16:00, since: 2026-11-16, people: [ada, bo]}
    deputies: [bo, ada]
"""


@pytest.fixture
def city(tmp_path):
    """The reference city with an evening duty of its own, written as it is told to."""

    def make(text: str = GOOD, **files: str) -> City:
        folder = tmp_path / "city"
        if not folder.exists():
            shutil.copytree(Path(drills.__file__).parent / "city", folder)
        (folder / "inventory" / "evening.yaml").write_text(text, encoding="utf-8")
        (folder / "templates").mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / "templates" / f"{name}.yaml").write_text(content, encoding="utf-8")
        return load_city(folder)

    return make


def wrong(city: City) -> list[str]:
    return [str(one) for one in city.about_people(AT)[0]]


def known(city: City) -> list[str]:
    return [str(one) for one in city.about_people(AT)[1]]


def test_the_reference_city_leaves_nobody_out():
    reference = load_city(Path(drills.__file__).parent / "city")
    assert reference.about_people(AT) == ((), ())


def test_a_roster_that_covers_everything_is_no_mistake(city):
    assert wrong(city()) == []


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("people: [ada, bo]", "people: [ada, bob]", "inventory/evening.yaml:6:71: there is no person `bob`"),
        (
            "evening:\n    weekly",
            "evning:\n    weekly",
            "inventory/evening.yaml:5:3: there is no role `evning`",
        ),
        (
            "deputies: [bo, ada]",
            "deputies: [bo, adda]",
            "inventory/evening.yaml:7:20: there is no person `adda`",
        ),
        ("monday 16:00", "mandag 16:00", "'mandag 16:00' is no weekly time such as monday 08:00"),
        ("since: 2026-11-16", "since: 2026-11-17", "that week's was 2026-11-16"),
        ("title: Ada Aften,", "title: Ada Aften, language: de,", "`language` is not one of en, da"),
        (
            "    deputies: [bo, ada]",
            "    swaps: [{from: 2026-12-24, until: 2026-12-23, person: ada}]",
            "before it begins",
        ),
        ("people: [ada, bo]", "people: []", "`people`"),
        ("email: ada@example.dk", "away: [{from: 2026-12-01}], email: ada@example.dk", "until"),
    ],
)
def test_what_does_not_read_well_is_a_mistake_of_the_file(city, was, is_, said):
    assert was in GOOD
    with pytest.raises(BadInput) as error:
        city(GOOD.replace(was, is_))
    assert said in str(error.value)
    assert "inventory/evening.yaml:" in str(error.value)


def test_whoever_is_on_a_roster_has_the_role(city):
    found = wrong(city(GOOD.replace("Bo Bagefter, roles: [evening]", "Bo Bagefter, roles: [engineer]")))
    assert found[0].startswith("inventory/evening.yaml:6:71: bo is on the roster of evening")
    assert found[1].startswith("inventory/evening.yaml:7:16: bo is on the roster of evening")


def test_two_turns_at_once_are_a_mistake(city):
    first = "{from: 2026-12-24, until: 2026-12-25, person: ada}"
    turns = f"[{first}, {{from: 2026-12-25 10:00, until: 2026-12-26, person: bo}}]"
    found = wrong(city(f"{GOOD}    swaps: {turns}\n"))
    assert len(found) == 1
    assert "two turns are at once from 2026-12-25 10:00: ada and bo" in found[0]
    assert found[0].startswith("inventory/evening.yaml:8:65: ")


def test_hours_without_anybody_soon_are_a_mistake_and_later_ones_are_said(city):
    first = "{from: 2026-11-20, until: 2026-11-27, person: ada}"
    dated = f"    dated: [{first}, {{from: 2026-11-29, until: 2026-12-10, person: bo}}]\n"
    one = city("\n".join(GOOD.splitlines()[:5]) + "\n" + dated)
    (found,) = wrong(one)
    place, _, said = found.partition(": ")
    assert place == "inventory/evening.yaml:5:3"
    assert said.startswith(
        "nobody is on duty as evening from 2026-11-28 00:00 to 2026-11-29 00:00. Add a turn"
    )
    assert "from 2026-12-11 00:00 to 2027-01-16 04:00" in "\n".join(known(one))


def test_a_person_away_without_a_deputy_leaves_a_hole_that_names_them(city):
    text = GOOD.replace("email: ada@", "away: [{from: 2026-12-01, until: 2026-12-02}], email: ada@")
    assert wrong(city(text)) == []  # bo stands in
    (found,) = wrong(city(text.replace("    deputies: [bo, ada]\n", "")))
    assert "from 2026-12-01 00:00 to 2026-12-03 00:00: ada is away, and nobody stands in" in found


def test_a_language_without_a_template_is_a_mistake(city):
    english = "subject: {en: Hello}\nbody: {en: Something happened}\n"
    found = wrong(city(GOOD.replace("title: Ada Aften", "title: Ada Aften, language: da"), hello=english))
    (mine,) = (one for one in found if one.startswith("inventory/evening.yaml"))
    assert mine.startswith(
        "inventory/evening.yaml:2:37: ada reads Danish, and there is no Danish in hello. Write"
    )
    danish = "subject: {en: Hello, da: Hej}\nbody: {en: Something happened, da: Noget skete}\n"
    assert wrong(city(GOOD.replace("title: Ada Aften", "title: Ada Aften, language: da"), hello=danish)) == []


def test_a_person_without_any_channel_is_a_gap_with_the_line_to_write(city):
    one = city(GOOD.replace(", telephone: +45 00 00 00 88", ""))
    found = [gap for gap in gaps(one.inventory, one.written) if gap.path[0] == "people"]
    assert [(gap.about, gap.impossible) for gap in found] == [
        ("people.bo.channels", "bo can be neither asked nor told")
    ]
    assert found[0].where.startswith("inventory/evening.yaml:3")


def test_whoever_is_not_written_to_is_named(city):
    found = known(city(f"{GOOD}audiences:\n  evening: {{title: Evening, people: [ada, bo]}}\n"))
    assert any("bo has no mail address, and is not told when evening are written to" in one for one in found)
    assert not any("ada has no mail" in one for one in found)


def test_a_contract_that_nobody_wrote_down_is_a_gap(city):
    text = 'services:\n  map: {title: Map, run_by: {supplier: Kort, telephone: "1", promised_rto: 1h}}\n'
    one = city(GOOD + text)
    assert "services.map.run_by.contract" in [gap.about for gap in gaps(one.inventory, one.written)]


def test_what_the_documentation_shows_can_be_written():
    text = (Path(drills.__file__).parents[1] / "docs" / "people.md").read_text(encoding="utf-8")
    shown = [yaml.load(block, yaml.BaseLoader) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    sections: dict[str, Any] = {name: held for one in shown for name, held in one.items()}
    assert set(sections) == {"people", "duties", "services"}
    city = {"city": {"name": "town", "title": "Town"}, **sections}
    inventory = Inventory.model_validate(city)
    assert inventory.people["second-on-call"].channels == ("email", "slack", "telephone")
    assert inventory.duties["incident-commander"].hours is not None
    assert inventory.services["citizen-register"].run_by is not None
