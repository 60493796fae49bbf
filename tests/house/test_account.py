"""The account of a run: seconds per folder and every skip's reason; in CI a skip that is on no list fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LISTED = "import pytest\ndef test_a(): pytest.skip('no data here')\ndef test_b(): pass\n"
UNLISTED = "import pytest\npytest.importorskip('no_such_module')\n"
HOPELESS = "import pytest\n@pytest.mark.xfail(reason='a known bug')\ndef test_c(): assert False\n"


def run(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    environment = {**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def project(checkout: Path, tmp_path: Path) -> Path:
    """A checkout with this conftest, one allowed reason and one test that is skipped for it."""
    for path in ("tests/room/test_one.py", ".ci/allowed-skips.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(checkout / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / ".ci" / "allowed-skips.txt").write_text("# why\nno data here\n")
    (tmp_path / "tests" / "room" / "test_one.py").write_text(LISTED)
    (tmp_path / "pytest.ini").touch()
    return tmp_path


def test_a_listed_skip_passes_in_ci_and_is_told(project: Path) -> None:
    done = run(project, "true")
    assert done.returncode == 0, done.stdout
    assert "s  tests/room, 2 tests" in done.stdout
    assert "1 skipped: no data here (as tests/room/test_one.py::test_a)" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 skipped in ")


@pytest.mark.slow
def test_other_skips_and_expected_failures_fail_in_ci_only(project: Path) -> None:
    (project / "tests" / "room" / "test_two.py").write_text(UNLISTED)
    (project / "tests" / "room" / "test_three.py").write_text(HOPELESS)
    done = run(project, "true")
    assert done.returncode == 1
    assert "FORBIDDEN, not in .ci/allowed-skips.txt: could not import 'no_such_module'" in done.stdout
    assert "FORBIDDEN, not in .ci/allowed-skips.txt: expected to fail: a known bug" in done.stdout
    assert "1 skipped: no data here" in done.stdout
    assert run(project, "").returncode == 0
