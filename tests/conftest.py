"""What every test may use, and the account that every run gives of its time and its skips."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from quorum.surfaces.bench.postgres import OwnPostgres

ROOT = Path(__file__).resolve().parents[1]

pytest.register_assert_rewrite("execution.broker_contract", "execution.every_broker")  # contracts are test code

# children and other workers import what one has compiled, whatever the environment says: a third of a child's start
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds src/, tests/ and the Makefile."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real market data and reference cases; the test is skipped where it is absent."""
    folder = Path(os.environ.get("QUORUM_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("real market data is not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[OwnPostgres]:
    """A PostgreSQL on loopback; a test that stops it starts it again. Skipped where it is not installed."""
    from servers.postgres import running

    with running() as server:
        yield server


@pytest.fixture(scope="session")
def _newest(postgres_server: OwnPostgres) -> str:
    from servers.postgres import make_newest

    return make_newest(postgres_server)


@pytest.fixture
def postgres(postgres_server: OwnPostgres, _newest: str) -> Iterator[str]:
    """The URL of a new database of PostgreSQL, with the newest schema and nothing in it; gone after the test."""
    from servers.postgres import fresh

    with fresh(postgres_server, _newest) as url:
        yield url


@pytest.fixture
def empty_postgres(postgres_server: OwnPostgres) -> Iterator[str]:
    """The URL of a new database of PostgreSQL without any table; gone after the test."""
    from servers.postgres import fresh

    with fresh(postgres_server) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels are compiled once and kept where a user's are, so that neither a second run nor a child need wait."""
    from quorum.bootstrap import use_kernel_cache

    if not use_kernel_cache():
        os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.getbasetemp() / "cache")
        use_kernel_cache()


def allowed_skips() -> set[str]:
    """The reasons for which a test may be skipped in CI, one a line, as they stand in `.ci/allowed-skips.txt`."""
    lines = (ROOT / ".ci" / "allowed-skips.txt").read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


class Account:
    """Seconds per folder of tests and reasons of skips; with CI=true a skip that is not allowed fails the run."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.tests: Counter[str] = Counter()
        self.skips: dict[str, list[str]] = {}
        self.started = perf_counter()

    def pytest_collection_finish(self) -> None:
        self.seconds["(collection)"] = perf_counter() - self.started

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._skip(report, report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = "/".join(report.nodeid.partition("::")[0].split("/")[:-1][:2])
        self.seconds[folder] += report.duration
        self.tests[folder] += report.when == "call" or report.outcome != "passed"
        self._skip(report, report.nodeid)

    def _skip(self, report: pytest.CollectReport | pytest.TestReport, test: str) -> None:
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            if hasattr(report, "wasxfail"):
                reason = f"expected to fail: {report.wasxfail}"
            self.skips.setdefault(reason.removeprefix("Skipped: "), []).append(test)

    @property
    def forbidden(self) -> set[str]:
        """Reasons of skips that are on no list, in CI; none elsewhere."""
        return set(self.skips) - allowed_skips() if os.environ.get("CI") == "true" else set()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.forbidden and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        tell = terminalreporter.write_line
        tell("")
        for folder, seconds in sorted(self.seconds.items()):
            tell(f"{seconds:7.1f} s  {folder}" + (f", {n} tests" if (n := self.tests[folder]) else ""))
        for reason, tests in sorted(self.skips.items()):
            verdict = "FORBIDDEN, not in .ci/allowed-skips.txt" if reason in self.forbidden else "skipped"
            tell(f"{len(tests):5d} {verdict}: {reason} (as {tests[0]})")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Account(), "account")
