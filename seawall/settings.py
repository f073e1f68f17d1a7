"""How Seawall is set on this machine: by `seawall.yaml` in the city's folder, and by `SEAWALL_...` on top of it.

No secret is a setting; those are referred to in the inventory.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from seawall.errors import BadInput, Mistake
from seawall.loading import load_file
from seawall.model import Frozen, Language
from seawall.schedules import ScheduleSettings

FILE = "seawall.yaml"
PREFIX = "SEAWALL_"


class Settings(Frozen):
    """How Seawall is set.

    Attributes:
        city: the city's folder.
        runs: where runs are kept; `runs` in the city's folder when nothing is said.
        language: what the terminal speaks where it has both.
        prefect: `on` needs Prefect's server, `off` does without, `auto` uses it when it answers.
        schedules: what of the product's schedules is changed, by their names, and the city's own; only in the file.
    """

    city: Path
    runs: Path
    language: Language = "en"
    prefect: Literal["on", "off", "auto"] = "auto"
    schedules: ScheduleSettings = {}


class SettingsFile(Frozen):
    """`seawall.yaml`; a relative `runs` counts from the city's folder."""

    runs: str | None = None
    language: Language = "en"
    prefect: Literal["on", "off", "auto"] = "auto"
    schedules: ScheduleSettings = {}


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
    if mistakes:
        raise BadInput(mistakes)
    runs = Path(environ["SEAWALL_RUNS"]).expanduser().absolute() if environ.get("SEAWALL_RUNS") else None
    runs = runs or folder / Path(file.runs or "runs").expanduser()
    return Settings.model_validate(
        {
            "city": folder,
            "runs": runs,
            "language": file.language,
            "prefect": file.prefect,
            "schedules": file.schedules,
        }
        | said
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
