"""Arrays that tasks share: files in a folder of their own, mapped by every process that reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError


class ArrayFolder:
    """A temporary folder of arrays; a payload names them by their paths. It goes when the block ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="quorum-arrays-")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def put(self, array: NDArray[Any]) -> str:
        """Write an array of numbers; the path by which `mapped` reads it."""
        path = Path(self._folder.name) / f"{self._count}.npy"
        self._count += 1
        np.save(path, array, allow_pickle=False)
        return str(path)


def mapped(path: str) -> NDArray[Any]:
    """The array of a file, read-only, in memory that all its readers share; DataError when there is none."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} holds no array ({error})", "keep its folder as long as tasks read it") from error
