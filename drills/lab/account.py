"""Under which account the lab's servers run. PostgreSQL refuses root, so root's lab runs them as `nobody`.

Python's own servers (SSH, DNS, mail and the like) then stay root's, as an ordinary sshd does, because an interpreter
in root's home cannot be run by anybody else; what an SSH session starts runs as the account.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from drills.lab.errors import LabError, LabMisused

UNPRIVILEGED = "nobody"


class PopenAccount(TypedDict, total=False):
    """What `subprocess.Popen` is told, so that a program runs as the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the lab's PostgreSQL, S3, HAProxy and SSH sessions run as.

    Attributes:
        switched: it is not the one that started the lab, which is root.
    """

    name: str
    uid: int
    gid: int
    switched: bool

    def popen(self) -> PopenAccount:
        """Return what `subprocess.Popen` must be told."""
        return (
            PopenAccount(user=self.uid, group=self.gid, extra_groups=[]) if self.switched else PopenAccount()
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.switched:
            os.lchown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> Path | None:
        """Return the first folder on the way to `path` that the account may not pass through; None when it can."""
        # The way as it is written, and where it leads through links.
        for folder in (*reversed(path.parents), *reversed(path.resolve().parents)):
            if not _allows(folder.stat(), self, stat.S_IXOTH):
                return folder
        return None

    def reads(self, path: Path) -> bool:
        """Tell whether the account may read a file, or list a folder, once it is there."""
        return _allows(path.stat(), self, stat.S_IROTH)


def servers_account() -> Account:
    """Choose the account.

    Raises:
        LabError: there is none that PostgreSQL would run as.
    """
    uid = os.geteuid()
    switched = uid == 0
    try:
        entry = pwd.getpwnam(UNPRIVILEGED) if switched else pwd.getpwuid(uid)
    except KeyError as error:
        raise LabError(
            f"there is no account {UNPRIVILEGED if switched else uid} on this computer, and PostgreSQL must have one",
            where="/etc/passwd",
            remedy=f"Add it (useradd {UNPRIVILEGED})" if switched else "Run as an account that has a name",
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switched)


def check_passage(root: Path, account: Account) -> None:
    """Raises: LabMisused: the account could not come to the lab's folder."""
    barred = account.reaches(root / "any") if root.exists() else account.reaches(root)
    if barred is not None:
        raise LabMisused(
            f"the servers run as {account.name}, which may not pass through {barred}",
            where=str(root),
            remedy="Choose a folder that everybody can reach, such as one under /var/tmp",
        )


def _allows(found: os.stat_result, account: Account, others: int) -> bool:
    if account.uid == 0:
        return True
    if found.st_uid == account.uid:
        return bool(found.st_mode & others << 6)
    if found.st_gid == account.gid:
        return bool(found.st_mode & others << 3)
    return bool(found.st_mode & others)
