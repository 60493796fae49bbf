"""The demo command."""

from __future__ import annotations


def demo() -> None:
    """To come."""
