"""Values written into an inventory's gaps: where a person would write them, nothing else touched, no mistake let in."""

from __future__ import annotations

import pytest
import yaml

from seawall.errors import BadInput
from seawall.gaps import gaps
from seawall.importing import EXAMPLE, Login, import_city
from seawall.loading import load_inventory
from seawall.loading.filling import filled

LOGIN = ("services", "log-ind")
SERVER = ("hosts", "nord-db1", "postgres", "log-ind")


@pytest.fixture
def city(tmp_path):
    """The city that the printed example makes."""
    source = tmp_path / "services.csv"
    source.write_text(EXAMPLE, encoding="utf-8")
    made = import_city(
        [source], called="mine", kind=None, known_hosts=(), login=Login.said("seawall", "env:KEY")
    )
    folder = tmp_path / "mine"
    (folder / "inventory").mkdir(parents=True)
    for name, text in made.files.items():
        (folder / "inventory" / name).write_text(text, encoding="utf-8")
    return folder


def fill(folder, thing, instead=False, **values):
    made = filled(folder, thing, values, instead=instead)
    made.file.write_text(made.text, encoding="utf-8")
    return made


def test_what_is_filled_is_in_the_inventory_and_no_gap_any_more(city):
    before = {one.about for one in gaps(load_inventory(city))}
    fill(city, LOGIN, without_it="{en: Nobody can sign in, da: Ingen kan logge på}")
    inventory = load_inventory(city)
    text = inventory.services["log-ind"].without_it
    assert text is not None
    assert text.da == "Ingen kan logge på"
    assert before - {one.about for one in gaps(inventory)} == {"services.log-ind.without_it"}


def test_every_other_line_stays_as_it_stands(city):
    path = city / "inventory" / "services.yaml"
    before = path.read_text().splitlines()
    fill(city, LOGIN, without_it="{en: A, da: B}")
    after = path.read_text().splitlines()
    gone, new = (
        [one for one in left if one not in right] for left, right in ((before, after), (after, before))
    )
    assert gone == ["    # gap: without_it, instead, reached_through, targets"]
    assert new == ["    without_it: {en: A, da: B}", "    # gap: instead, reached_through, targets"]


def test_a_comment_names_no_gap_that_is_filled_and_goes_with_the_last(city):
    path = city / "inventory" / "hosts.yaml"
    assert "# gap: data_directory, cluster_name, system_identifier and the rest" in path.read_text()
    fill(city, SERVER, data_directory="/srv/db", cluster_name="nord")
    assert path.read_text().count("# gap: system_identifier and the rest") == 1
    fill(city, SERVER, system_identifier='"7000"')
    assert path.read_text().count("system_identifier and the rest") == 1  # the other server's


def test_what_is_given_together_stands_in_that_order(city):
    fill(city, SERVER, database="login", user="seawall", password="env:LOGIN_PASSWORD")
    told = yaml.safe_load((city / "inventory" / "hosts.yaml").read_text())
    assert list(told["hosts"]["nord-db1"]["postgres"]["log-ind"]) == ["port", "database", "user", "password"]


def test_targets_on_one_line_are_completed_there(city):
    made = fill(city, (*LOGIN, "targets"), mtpd="4h")
    assert [line for _, line in made.lines] == ["targets: {mtpd: 4h, rto: 15m, rpo: 30s}"]


def test_what_is_there_gives_way_only_when_that_is_said(city):
    with pytest.raises(BadInput, match=r"inventory/hosts.yaml:\d+ says it already"):
        filled(city, SERVER, {"port": "5433"})
    fill(city, SERVER, instead=True, port="5433")
    assert load_inventory(city).hosts["nord-db1"].postgres["log-ind"].port == 5433
    assert "port: 5433\n" in (city / "inventory" / "hosts.yaml").read_text()  # nobody else said it after all


@pytest.mark.parametrize(
    ("thing", "values", "said"),
    [
        (LOGIN, {"tire": "1"}, "tier"),
        (LOGIN, {"instead": "{en: ..., da: ...}"}, "not filled in yet"),
        (SERVER, {"password": "hunter2"}, "password"),
        (("services", "log-in"), {"tier": "1"}, "Write `services.log-ind`"),
        (("services",), {"tier": "1"}, "nothing that values can be written under"),
        ((*LOGIN, "title", "en"), {"x": "1"}, "nothing that values can be written under"),
        (LOGIN, {"without_it": "a\n  tier: 3"}, "no value on one line"),
        (LOGIN, {"without_it": " "}, "no value on one line"),
    ],
)
def test_what_would_be_a_mistake_is_refused_and_nothing_is_changed(city, thing, values, said):
    before = {path: path.read_bytes() for path in (city / "inventory").iterdir()}
    with pytest.raises(BadInput) as refused:
        filled(city, thing, values)
    assert said in " ".join(f"{one} {one.remedy}" for one in refused.value.mistakes)
    assert before == {path: path.read_bytes() for path in (city / "inventory").iterdir()}
