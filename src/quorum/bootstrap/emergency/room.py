"""Room on the disk for an emergency, kept from the day the desk was first opened."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PLACE = "state/reserve"
SIZE = 256 * 1024


def keep_room(home: Path) -> None:
    """Lay so many bytes by, which no disk can pack; where there is no room for them, there is none."""
    path = home / PLACE
    with suppress(OSError):
        if not path.exists() or path.stat().st_size != SIZE:
            path.write_bytes(os.urandom(SIZE))


def make_room(home: Path) -> bool:
    """Give up what was laid by, where the disk is full: whether it was."""
    with suppress(OSError):
        disk = os.statvfs(home)
        if disk.f_bavail * disk.f_frsize < SIZE:
            (home / PLACE).unlink()
            return True
    return False
