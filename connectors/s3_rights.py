"""What the keys of a store may do, tried by reading alone: what would change something is not tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.objects import NoSuchObject
from seawall.errors import DidNothing, Finding

_READS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("s3:ListBucket", "list_objects_v2", {"MaxKeys": 1}),
    ("s3:GetObject", "get_object", {"Key": "seawall-doctor/looks-for-what-is-not-there"}),
    ("s3:GetBucketVersioning", "get_bucket_versioning", {}),
    ("s3:GetBucketObjectLockConfiguration", "get_object_lock_configuration", {}),
)


def allowed(read: Callable[[str, dict[str, Any]], object]) -> Mapping[str, bool]:
    """Return what may be done, by the name policies have for it.

    Raises: Unreachable, WrongTarget, and DidNothing for keys that are not known there.
    """
    found: dict[str, bool] = {}
    for action, operation, arguments in _READS:
        try:
            read(operation, arguments)
        except NoSuchObject:
            found[action] = True
        except DidNothing as error:
            if error.finding is not Finding.RIGHTS:
                raise
            found[action] = False
        else:
            found[action] = True
    if not found.get("s3:ListBucket"):
        # Who may not list is told 403 and not 404 of what is not there (Amazon S3, HeadObject, "Permissions").
        found.pop("s3:GetObject", None)
    return found
