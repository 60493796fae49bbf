"""A bench's clock tells of the process that it asks about, and of no other."""

from __future__ import annotations

import numpy as np

from quorum.surfaces.bench.clocks import peak_of_command


def test_the_peak_of_a_process_is_not_that_of_the_one_that_started_it() -> None:
    resident = np.ones(40_000_000)
    assert peak_of_command(["-c", "pass"]) < resident.nbytes / 1e6 / 2
