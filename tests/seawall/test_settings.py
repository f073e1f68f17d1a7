"""Settings come from the city's file and, before that, from the environment; what is none is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import drills
from seawall.errors import BadInput
from seawall.settings import Settings, load_settings


def refusal(city: Path, **environ: str) -> list[str]:
    with pytest.raises(BadInput) as refused:
        load_settings(city, environ)
    return [str(one) for one in refused.value.mistakes]


def test_without_a_word_runs_are_kept_in_the_citys_folder(tmp_path):
    assert load_settings(tmp_path, {}) == Settings(
        city=tmp_path, runs=tmp_path / "runs", language="en", prefect="auto"
    )


def test_the_reference_citys_file_says_nothing_yet():
    city = Path(drills.__file__).parent / "city"
    assert load_settings(city, {}) == Settings(city=city, runs=city / "runs", language="en", prefect="auto")


def test_the_environment_goes_before_the_file(tmp_path):
    (tmp_path / "seawall.yaml").write_text("runs: ../elsewhere\nlanguage: da\nprefect: off\n")
    settings = load_settings(
        None, {"SEAWALL_CITY": str(tmp_path), "SEAWALL_PREFECT": "on", "SEAWALL_AS": "somebody"}
    )
    assert settings == Settings(city=tmp_path, runs=tmp_path / "../elsewhere", language="da", prefect="on")
    assert load_settings(tmp_path, {"SEAWALL_RUNS": "/var/runs"}).runs == Path("/var/runs")


def test_every_bad_setting_is_told_at_once(tmp_path):
    (tmp_path / "seawall.yaml").write_text("prefect: true\nlanguge: da\nruns: 5\n")
    assert refusal(tmp_path, SEAWALL_LANGAUGE="da", SEAWALL_POWER_PASSWORD="hunter2") == [
        "SEAWALL_LANGAUGE: is no setting. Write SEAWALL_LANGUAGE, or give it a name less like a setting's.",
        "seawall.yaml:1:10: `prefect` is not one of on, off, auto. Use one of these.",
        "seawall.yaml:2:1: `languge` is not known here. Write `language`.\n    language: da",
        'seawall.yaml:3:7: `runs` must be a text, and is a number. Put it in quotes.\n    runs: "5"',
    ]


def test_a_bad_value_in_the_environment_names_the_variable(tmp_path):
    assert refusal(tmp_path, SEAWALL_LANGUAGE="dk", SEAWALL_PREFECT="yes") == [
        "SEAWALL_LANGUAGE: 'dk' is not one of its values. Set it to en or da.",
        "SEAWALL_PREFECT: 'yes' is not one of its values. Set it to on, off or auto.",
    ]


def test_a_settings_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "seawall.yaml").mkdir()
    assert refusal(tmp_path) == ["seawall.yaml: is a folder, not a file. Name a YAML file."]


def test_pages_stand_in_the_city_unless_said_otherwise(tmp_path):
    assert load_settings(tmp_path, {}).pages == tmp_path / "pages"
    assert load_settings(tmp_path, {}).exercise_pages == tmp_path / "exercise-pages"
    (tmp_path / "seawall.yaml").write_text("pages: /srv/status\nupdate_every: 15m\ntelephone: 70 00 00 00\n")
    settings = load_settings(tmp_path, {})
    assert (settings.pages, settings.update_every) == (Path("/srv/status"), timedelta(minutes=15))
    assert settings.telephone == "70 00 00 00"
    assert load_settings(tmp_path, {"SEAWALL_PAGES": "/srv/other"}).pages == Path("/srv/other")


@pytest.mark.parametrize("exercises", ["status", "status/exercises", "./x/../status", "."])
def test_exercises_cannot_stand_where_the_public_looks(tmp_path, exercises):
    (tmp_path / "seawall.yaml").write_text(f"pages: status\nexercise_pages: {exercises}\n")
    with pytest.raises(BadInput, match="would stand in the folder of the real ones"):
        load_settings(tmp_path, {})


def test_a_link_does_not_make_two_folders_of_one(tmp_path):
    (tmp_path / "status").mkdir()
    (tmp_path / "exercises").symlink_to("status")
    (tmp_path / "seawall.yaml").write_text("pages: status\nexercise_pages: exercises\n")
    with pytest.raises(BadInput, match="would stand in the folder of the real ones"):
        load_settings(tmp_path, {})
