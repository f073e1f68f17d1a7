"""The go-bag: one signed file with which runbooks run when everything else is gone. docs/go-bag.md has its format."""

from __future__ import annotations
