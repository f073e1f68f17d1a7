"""What the keys of a store may do, as a policy for that identity: these actions, this bucket, these prefixes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.rights.gathered import OF_BUCKET, Actions, Rights


def words(action: str, prefix: str) -> str:
    """Say a right in words."""
    return f"{action} {prefix}*" if prefix else action


def policy(bucket: str, allowed: Mapping[tuple[str, str], Actions]) -> dict[str, Any]:
    """Return the policy. The same needs give the same text."""
    places: dict[tuple[str, ...], list[str]] = {}
    for action in dict.fromkeys(name for name, _ in allowed):
        prefixes = sorted({prefix for name, prefix in allowed if name == action})
        if action in OF_BUCKET:
            resources: tuple[str, ...] = (f"arn:aws:s3:::{bucket}",)
        elif "" in prefixes:
            resources = (f"arn:aws:s3:::{bucket}/*",)
        else:
            resources = tuple(
                f"arn:aws:s3:::{bucket}/{prefix}{'*' * prefix.endswith('/')}" for prefix in prefixes
            )
        places.setdefault(resources, []).append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
            for resources, actions in sorted(places.items())
        ],
    }


def files(rights: Rights) -> Iterator[tuple[str, str]]:
    """Yield one policy a store."""
    for store, allowed in sorted(rights.buckets.items(), key=lambda one: one[0].name):
        yield f"{store.name}.json", json.dumps(policy(store.bucket, allowed), indent=2) + "\n"
