"""What was read of the disk is read once, and again as soon as the file is another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from quorum.lake.disk.kept import Kept


def columns(rows: int) -> dict[str, np.ndarray]:
    return {"time": np.zeros(rows, np.int64)}


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path, reads = tmp_path / "segment", []
    path.write_bytes(b"one")
    kept = Kept(1_000)

    def read() -> dict[str, np.ndarray]:
        reads.append(1)
        return columns(1)

    assert kept.get(path, read) is kept.get(path, read)
    assert len(reads) == 1
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    kept.get(path, read)
    assert len(reads) == 2


def test_the_budget_holds_and_the_oldest_goes_first(tmp_path: Path) -> None:
    kept, paths = Kept(100), [tmp_path / str(i) for i in range(3)]
    for path in paths:
        path.touch()
    first = kept.get(paths[0], lambda: columns(6))
    kept.get(paths[1], lambda: columns(6))
    kept.get(paths[2], lambda: columns(6))
    assert kept.get(paths[0], lambda: columns(6)) is not first


def test_what_is_larger_than_the_budget_is_not_kept(tmp_path: Path) -> None:
    kept, path = Kept(100), tmp_path / "large"
    path.touch()
    assert kept.get(path, lambda: columns(13)) is not kept.get(path, lambda: columns(13))


def test_a_missing_file_is_the_reader_s_affair(tmp_path: Path) -> None:
    kept = Kept(100)
    assert kept.get(tmp_path / "none", lambda: columns(1)) is not kept.get(tmp_path / "none", lambda: columns(1))
