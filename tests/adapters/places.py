"""Where a test of the store runs when it takes long on a server."""

from __future__ import annotations

import pytest

PLACES = ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]
slow_on_postgres = pytest.mark.parametrize("place", PLACES, indirect=True)
