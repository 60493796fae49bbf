"""Which code on which machine: what has to be equal for a result to be the same to the last bit."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

import llvmlite
import numba
import numpy as np
from llvmlite import binding

TRADING_ROOMS = ("domain", "stats", "lake", "features", "signals", "risk", "execution", "engine")
"""What the numbers of a backtest hang on."""
JUDGING_ROOMS = (*TRADING_ROOMS, "validation")
"""What a verdict on it hangs on."""
DECIDING_ROOMS = (*TRADING_ROOMS, "portfolio", "desk")
"""What a decision of a desk hangs on."""


@cache
def code_hash(rooms: tuple[str, ...] = DECIDING_ROOMS) -> str:
    """SHA-256 over the sources of these rooms, without an argument of all that take part in a decision."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for room in rooms:
        for source in sorted((package / room).rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode() + b"\0")
            digest.update(source.read_bytes())
    return digest.hexdigest()


@cache
def machine() -> dict[str, str]:
    """Python, the numerical libraries, and the processor's name and features (hashed)."""
    features = hashlib.sha256(binding.get_host_cpu_features().flatten().encode()).hexdigest()[:16]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": f"{binding.get_host_cpu_name()} {features}",
    }
