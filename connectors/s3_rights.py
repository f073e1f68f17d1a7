"""What the keys of a store may do, tried by reading alone: what would change something is not tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.objects import NoSuchObject
from seawall.errors import DidNothing, Finding

Right = tuple[str, str]
"""An action of S3, and the prefix of keys that it is asked for; empty for the whole bucket."""

_READS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "s3:ListBucket": ("list_objects_v2", {"MaxKeys": 1}),
    "s3:GetObject": ("get_object", {"Key": "{prefix}seawall-doctor-looks-for-what-is-not-there"}),
    "s3:GetBucketVersioning": ("get_bucket_versioning", {}),
    "s3:GetBucketObjectLockConfiguration": ("get_object_lock_configuration", {}),
}


def allowed(read: Callable[[str, dict[str, Any]], object], wanted: Iterable[Right]) -> dict[Right, bool]:
    """Return which of these may be done; what reading cannot tell is not among them.

    Raises: Unreachable, WrongTarget, and DidNothing for keys that are not known there.
    """
    found: dict[Right, bool] = {}
    for action, prefix in wanted:
        if action not in _READS:
            continue
        operation, arguments = _READS[action]
        filled = {
            name: value.replace("{prefix}", prefix) if isinstance(value, str) else value
            for name, value in arguments.items()
        }
        try:
            read(operation, filled)
        except NoSuchObject:
            found[action, prefix] = True
        except DidNothing as error:
            if error.finding is not Finding.RIGHTS:
                raise
            found[action, prefix] = False
        else:
            found[action, prefix] = True
    if found.get(("s3:ListBucket", "")) is False:
        # Who may not list is told 403 and not 404 of what is not there (Amazon S3, HeadObject, "Permissions").
        found = {right: there for right, there in found.items() if right[0] != "s3:GetObject"}
    return found
