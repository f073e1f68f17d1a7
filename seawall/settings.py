"""How Seawall is set on this machine: by `seawall.yaml` in the city's folder, and by `SEAWALL_...` on top of it.

No secret is a setting; those are referred to in the inventory.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from seawall.errors import BadInput, Mistake
from seawall.loading import load_file
from seawall.model import Duration, Frozen, Language, Name
from seawall.schedules import ScheduleSettings

FILE = "seawall.yaml"
PREFIX = "SEAWALL_"
FOLDERS = {"runs": "runs", "pages": "pages", "exercise_pages": "exercise-pages"}
"""Settings that are folders, and what each is called in the city's folder when nothing is said."""
HALF_AN_HOUR = timedelta(minutes=30)
A_WEEK = timedelta(days=7)
UpdateEvery = Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))]


class GoBagSettings(Frozen):
    """What the city wants of its go-bags (docs/go-bag.md).

    Attributes:
        at_most: how old one may become.
        keep_at: files or folders where one is kept; relative ones count from the city's folder.
        sealed_to: the people whose keys open the secrets, when nobody is named as it is made.
    """

    at_most: Annotated[Duration, Field(ge=timedelta(hours=1), le=timedelta(days=366))] = A_WEEK
    keep_at: tuple[str, ...] = ()
    sealed_to: tuple[Name, ...] = ()


class Settings(Frozen):
    """How Seawall is set.

    Attributes:
        city: the city's folder.
        runs: where runs are kept; `runs` in the city's folder when nothing is said.
        language: what the terminal speaks where it has both.
        prefect: `on` needs Prefect's server, `off` does without, `auto` uses it when it answers.
        schedules: what of the product's schedules is changed, by their names, and the city's own; only in the file.
        pages: where the status pages of real runs are written; `pages` in the city's folder when nothing is said.
        exercise_pages: where those of exercises are; never the same folder, nor one inside the other.
        update_every: how soon a status page promises its next update, also when there is no news.
        telephone: what a status page says to ring once it is out of date.
        go_bag: how old a go-bag may become, and where it is kept; only in the file.
    """

    city: Path
    runs: Path
    language: Language = "en"
    prefect: Literal["on", "off", "auto"] = "auto"
    schedules: ScheduleSettings = {}
    pages: Path = Path("pages")
    exercise_pages: Path = Path("exercise-pages")
    update_every: UpdateEvery = HALF_AN_HOUR
    telephone: str | None = None
    go_bag: GoBagSettings = GoBagSettings()

    @model_validator(mode="before")
    @classmethod
    def _in_the_city(cls, said: Any) -> Any:
        if isinstance(said, dict) and "city" in said:
            city = Path(said["city"])
            return {"pages": city / "pages", "exercise_pages": city / "exercise-pages"} | said
        return said


class SettingsFile(Frozen):
    """`seawall.yaml`; a relative folder counts from the city's folder."""

    runs: str | None = None
    language: Language = "en"
    prefect: Literal["on", "off", "auto"] = "auto"
    schedules: ScheduleSettings = {}
    pages: str | None = None
    exercise_pages: str | None = None
    update_every: UpdateEvery = HALF_AN_HOUR
    telephone: str | None = None
    go_bag: GoBagSettings = GoBagSettings()


def load_settings(city: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read how Seawall is set.

    Args:
        city: the city's folder; else SEAWALL_CITY says it, else it is the current folder.
        environ: the environment; the process's own when absent.

    Raises:
        BadInput: a setting that does not exist, or a value it cannot have.
    """
    environ = os.environ if environ is None else environ
    folder = (city or Path(environ.get("SEAWALL_CITY") or ".")).expanduser().absolute()
    mistakes = list(_unknown(environ))
    said = {
        name: environ[PREFIX + name.upper()]
        for name in ("language", "prefect")
        if environ.get(PREFIX + name.upper())
    }
    file = SettingsFile()
    try:
        if _there(folder / FILE):
            file, _ = load_file(folder / FILE, SettingsFile, FILE, may_be_empty=True)
        SettingsFile.model_validate(said)
    except BadInput as error:
        mistakes += error.mistakes
    except ValidationError as error:
        mistakes += _bad_values(error, said)
    folders = {name: _folder(name, file, folder, environ) for name in FOLDERS}
    mistakes += _shared(folders["pages"], folders["exercise_pages"])
    if mistakes:
        raise BadInput(mistakes)
    plain = set(SettingsFile.model_fields) - set(FOLDERS)
    from_file = {name: getattr(file, name) for name in plain}
    return Settings.model_validate({"city": folder} | folders | from_file | said)


def _folder(name: str, file: SettingsFile, city: Path, environ: Mapping[str, str]) -> Path:
    if from_environment := environ.get(PREFIX + name.upper()):
        return Path(from_environment).expanduser().absolute()
    return city / Path(getattr(file, name) or FOLDERS[name]).expanduser()


def _shared(pages: Path, exercises: Path) -> Iterator[Mistake]:
    """Refuse folders that would put an exercise where the public looks: what copies one would copy the other."""
    real, exercise = (Path(os.path.realpath(one)) for one in (pages, exercises))
    if real == exercise or real in exercise.parents or exercise in real.parents:
        yield Mistake(
            f"{FILE}: exercise_pages",
            "the pages of exercises would stand in the folder of the real ones, or around it",
            "Name a folder that is neither `pages` nor inside it, nor holds it",
        )


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # there, and reading it will say what is wrong
        return True


def _unknown(environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Find variables that are nearly a setting; others with our prefix may be secrets that the inventory refers to."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in environ:
        if not name.startswith(PREFIX) or name in known:
            continue
        alike = difflib.get_close_matches(
            name.removeprefix(PREFIX).lower(), Settings.model_fields, n=1, cutoff=0.85
        )
        for meant in alike:
            yield Mistake(
                name,
                "is no setting",
                f"Write {PREFIX}{meant.upper()}, or give it a name less like a setting's",
            )


def _bad_values(error: ValidationError, said: Mapping[str, str]) -> Iterator[Mistake]:
    for one in error.errors(include_url=False, include_input=False):
        name = str(one["loc"][0])
        choices = one["ctx"]["expected"].replace("'", "")
        yield Mistake(
            PREFIX + name.upper(), f"{said[name]!r} is not one of its values", f"Set it to {choices}"
        )
