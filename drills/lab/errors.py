"""What can go wrong with the lab itself, said so that a person can put it right."""

from __future__ import annotations

from seawall.errors import ExitCode, SeawallError


class LabError(SeawallError):
    """The lab cannot do what was asked; a half-built one was taken down again."""


class LabMisused(LabError):
    """What was asked for does not exist in a lab, or cannot be where it was wanted."""

    exit_code = ExitCode.BAD_INPUT
