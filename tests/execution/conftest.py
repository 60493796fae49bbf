"""Contract suites are test code: their assertions tell what they compared."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("execution.broker_contract")
