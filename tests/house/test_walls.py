"""Every wall of the house is real: an import planted against it is caught, and what is allowed passes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import api
from importlinter.application import use_cases
from importlinter.application.user_options import UserOptions

LOW = {"domain", "stats"}
FRAMES = LOW | {"feed", "lake", "features", "learning", "signals"}
ENGINE = FRAMES | {"portfolio", "risk", "execution", "engine"}
DESK = ENGINE | {"validation", "discovery", "monitoring", "desk"}
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "stats": set(),
    "feed": {"domain"},
    "lake": LOW | {"feed"},
    "features": LOW | {"feed", "lake"},
    "learning": LOW | {"feed", "lake", "features"},
    "signals": FRAMES,
    "portfolio": LOW,
    "risk": LOW,
    "execution": LOW,
    "engine": ENGINE,
    "validation": ENGINE,
    "discovery": ENGINE,
    "monitoring": ENGINE,
    "desk": DESK,
    "adapters": DESK,
    "simulator": {"domain", "feed"},
    "surfaces": DESK | {"bootstrap"},
    "bootstrap": DESK | {"adapters", "simulator"},
    "orchestration": DESK | {"bootstrap", "surfaces"},
    "skills": DESK | {"bootstrap", "surfaces"},
}
SOURCE = Path(__file__).parents[2] / "src" / "quorum"
ROOMS = [room for room in MAY_IMPORT if (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").is_file()]
STANDARD = set(sys.stdlib_module_names) | {"quorum"}
EXTERNAL = {"domain": STANDARD, "stats": STANDARD | {"numpy", "scipy", "numba", "llvmlite"}}

Broken = dict[str, dict[str, Any]]


def built(checkout: Path, folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """`folder` with a copy of the package and of its contracts, which is the `quorum` that import-linter finds."""
    shutil.copytree(SOURCE, folder / "quorum", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / ".importlinter", folder)
    patch.syspath_prepend(folder)
    patch.delitem(sys.modules, "quorum", raising=False)
    return folder


@pytest.fixture
def house(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house of the test's own."""
    return built(checkout, tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def all_in_all(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What the contracts find in a house where every room imports every other."""
    with pytest.MonkeyPatch.context() as patch:
        house = built(checkout, tmp_path_factory.mktemp("house"), patch)
        for room in ROOMS:
            plant(house, room, "\n".join(f"import quorum.{other}" for other in ROOMS if other != room))
        return pairs(broken(house))


def plant(house: Path, room: str, text: str) -> None:
    """Write `text` into a new module of `room`, or at the end of the room that is a single file."""
    folder = house / "quorum" / room
    file = folder / "planted.py" if folder.is_dir() else folder.with_suffix(".py")
    with file.open("a") as end:
        end.write(f"\n{text}\n")


def broken(house: Path) -> Broken:
    """The contracts that the copy breaks, by the word before the colon, with what import-linter found."""
    options = UserOptions(**api.read_configuration(str(house / ".importlinter")))
    use_cases._register_contract_types(options)
    # a copied file keeps its time, by which the cache that all tests share knows it: only what is planted is read anew
    report = use_cases.create_report(options, cache_dir=str(house.parent / "imports"))
    checks = report.get_contracts_and_checks()
    return {contract.name.partition(":")[0]: check.metadata for contract, check in checks if not check.kept}


def pairs(found: Broken) -> set[tuple[str, str]]:
    """Each (room, room that it must not import) that the contracts found."""
    chains = [(d["importer"], d["imported"]) for m in found.values() for d in m.get("invalid_dependencies", [])]
    chains += [
        (c["downstream_module"], c["upstream_module"]) for m in found.values() for c in m.get("invalid_chains", [])
    ]
    return {(importer.split(".")[1], imported.split(".")[1]) for importer, imported in chains if "." in imported}


def test_the_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    assert broken(house) == {}


@pytest.mark.parametrize(
    ("room", "line", "contracts"),
    [
        ("domain", "import numpy", {"domain"}),
        ("domain", "def late():\n    from quorum.lake import Bars", {"domain", "layers"}),
        ("stats", "from quorum.domain import QuorumError", {"stats"}),
        ("stats", "import polars", {"stats"}),
        ("risk", "from quorum.lake import Bars", {"risk"}),
        ("risk", "from quorum.execution import Broker", {"risk", "layers"}),
        ("execution", "from quorum.features import atr", {"execution"}),
        ("lake", "from quorum.features import atr", {"layers"}),
        ("features", "import quorum.signals", {"layers"}),
        ("signals", "from quorum.risk import RiskLimits", {"layers"}),
        ("engine", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import quorum.desk", {"layers"}),
        ("desk", "from quorum.adapters.sql import store", {"layers"}),
        ("adapters", "import quorum.surfaces", {"layers"}),
        ("surfaces", "from quorum.adapters.sql import store", {"surfaces"}),
        ("surfaces", "from quorum.simulator import serve", {"surfaces"}),
        ("simulator", "from quorum.execution import Broker", {"simulator"}),
        ("simulator", "import quorum.adapters", {"simulator", "layers"}),
        ("surfaces", "import quorum.orchestration", {"layers"}),
        ("orchestration", "from quorum.adapters.sql import store", {"surfaces"}),
    ],
)
def test_one_illegal_import_breaks_its_wall(house: Path, room: str, line: str, contracts: set[str]) -> None:
    plant(house, room, line)
    assert set(broken(house)) == contracts


def test_the_facade_is_for_those_outside(house: Path) -> None:
    plant(house, "lake", "from quorum import backtest")
    assert "facade" in broken(house)


def test_the_facade_knows_no_adapter(house: Path) -> None:
    plant(house, "__init__", "from quorum.adapters.sql import store")
    assert "surfaces" in broken(house)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_kept_from_all_that_it_may_not_see_and_from_nothing_else(
    all_in_all: set[tuple[str, str]], room: str
) -> None:
    own = {pair for pair in all_in_all if pair[0] == room}
    assert own == {(room, other) for other in ROOMS if other not in MAY_IMPORT[room] | {room}}


def test_a_room_without_a_place_breaks_the_layers(house: Path) -> None:
    (house / "quorum" / "backoffice").mkdir()
    (house / "quorum" / "backoffice" / "__init__.py").touch()
    assert set(broken(house)) == {"layers"}


def test_the_low_rooms_import_no_package_but_their_own_few(house: Path) -> None:
    graph = grimp.build_graph("quorum", include_external_packages=True, cache_dir=None)
    for room, allowed in EXTERNAL.items():
        modules = {f"quorum.{room}", *graph.find_descendants(f"quorum.{room}")}
        imported = {i.split(".")[0] for m in modules for i in graph.find_modules_directly_imported_by(m)}
        assert imported <= allowed


def test_the_command_names_the_wall_that_broke(house: Path) -> None:
    plant(house, "risk", "from quorum.lake import Bars")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "quorum.risk.planted -> quorum.lake" in run.stdout
    assert "1 broken" in run.stdout
