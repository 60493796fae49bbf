"""Strategies of others: found by entry point or path, refused by name, watched while they run."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quorum.domain import HOUR, InvalidSignal, NotFound, QuorumError, Timeframe, UsageError
from quorum.lake import Bars, Panel
from quorum.signals import (
    Allocations,
    AnyStrategy,
    ConsensusRules,
    Parameter,
    Target,
    Targets,
    broken_strategies,
    find_strategy,
    from_batch,
    guard,
    origin,
    origin_hash,
    strategies,
)
from quorum.signals.guests.patience import patiently
from quorum.signals.strategies import DEMO_MA
from signals.packages import RULE, install

RULES = ConsensusRules(required=("smc", "momentum"), optional=())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path into which packages can be installed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("outside_"):
            del sys.modules[name]
    importlib.invalidate_caches()


def market(n: int = 60) -> Bars:
    close = 100 + np.cumsum(np.random.default_rng(2).normal(0, 1, n))
    return Bars("X", "test", Timeframe(HOUR), np.arange(n) * HOUR, close, close, close + 1, close - 1)


def test_an_installed_strategy_is_found_and_listed_after_ours(site: Path) -> None:
    install(site, "outside_one", {"riser": "outside_one:RULE"}, RULE.replace("NAME", "riser"))
    found = find_strategy("riser", RULES)
    assert list(strategies(RULES))[-1] == "riser"
    assert (found.name, found.summary) == ("riser", "Long above the close of `back` bars before")
    assert found.batch(market(), {}).weight.any()
    assert broken_strategies() == {}


def test_an_entry_point_may_be_a_callable(site: Path) -> None:
    source = RULE.replace("NAME", "called") + "\ndef make():\n    return RULE\n"
    install(site, "outside_two", {"called": "outside_two:make"}, source)
    assert find_strategy("called", RULES).name == "called"


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("crashes", "1 / 0", "strategy 'crashes' of outside_bad .outside_bad:RULE. does not load: ZeroDivisionError"),
        ("gone", "import no_such_module", "does not load: ModuleNotFoundError: No module named 'no_such_module'"),
        ("leaves", "raise SystemExit(3)", "does not load: SystemExit: 3"),
        ("empty", "RULE = object()", "is no strategy: it has no name, kind"),
        ("nothing", "", "does not load: AttributeError"),
        ("other", RULE.replace("NAME", "another"), "calls itself 'another'; give both one name"),
        ("demo_ma", RULE.replace("NAME", "demo_ma"), "hides our own strategy"),
        ("consensus", RULE.replace("NAME", "consensus"), "hides our own strategy"),
    ],
)
def test_a_broken_package_is_one_clear_error_and_stops_no_other(site: Path, name: str, source: str, says: str) -> None:
    install(site, "outside_bad", {name: "outside_bad:RULE"}, source)
    install(site, "outside_good", {"riser": "outside_good:RULE"}, RULE.replace("NAME", "riser"))
    error = broken_strategies()[name]
    with pytest.raises(QuorumError, match=says):
        raise error
    assert find_strategy("riser", RULES).name == "riser"
    assert strategies(RULES)["demo_ma"] is DEMO_MA
    if name not in ("demo_ma", "consensus"):
        assert name not in strategies(RULES)
        with pytest.raises(QuorumError, match=says):
            find_strategy(name, RULES)


def test_the_cause_of_a_broken_package_is_kept(site: Path) -> None:
    install(site, "outside_bad", {"crashes": "outside_bad:RULE"}, "1 / 0")
    assert isinstance(broken_strategies()["crashes"].__cause__, ZeroDivisionError)


def test_two_packages_with_one_name_are_both_refused(site: Path) -> None:
    for package in ("outside_first", "outside_second"):
        install(site, package, {"riser": f"{package}:RULE"}, RULE.replace("NAME", "riser"))
    with pytest.raises(UsageError, match="2 packages offer a strategy 'riser'; uninstall all but one"):
        find_strategy("riser", RULES)


def test_a_name_that_is_close_is_proposed_whoever_offers_it(site: Path) -> None:
    install(site, "outside_one", {"night_riser": "outside_one:RULE"}, RULE.replace("NAME", "night_riser"))
    with pytest.raises(NotFound, match="did you mean night_riser"):
        find_strategy("night_rise", RULES)


def test_a_file_is_loaded_when_it_is_named_and_only_then(tmp_path: Path) -> None:
    file = tmp_path / "my_rule.py"
    file.write_text(RULE.replace("NAME", "mine") + f"\nopen({str(tmp_path / 'ran')!r}, 'w').close()\n")
    strategies(RULES)
    assert not (tmp_path / "ran").exists()
    found = find_strategy(str(file), RULES)
    assert (tmp_path / "ran").exists()
    assert found.name == "mine"
    assert find_strategy(f"{file}:RULE", RULES).name == "mine"
    again = origin(found)
    assert again is not None
    assert find_strategy(again.place, RULES).name == "mine"


def test_a_change_of_the_same_length_and_second_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "my_rule.py"
    for name in ("mine", "mind", "mice"):
        file.write_text(RULE.replace("NAME", name))
        os.utime(file, (1, 1))
        assert find_strategy(str(file), RULES).name == name
    assert [kept.name for kept in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("source", "ask", "says"),
    [
        (None, "{}", "there is no file .*rule.py"),
        ("", "{}", "rule.py holds no strategy; name one as rule.py:NAME"),
        (RULE + RULE.replace("RULE =", "OTHER ="), "{}", "rule.py holds RULE, OTHER; name one"),
        (RULE, "{}:NONE", "rule.py holds no NONE; it holds RULE"),
        ("def (", "{}", "rule.py does not load: SyntaxError"),
        ("RULE = 3", "{}:RULE", "rule.py:RULE is no strategy|3 is no strategy|is no strategy: it has no name"),
        ("def RULE():\n    return 1 / 0", "{}:RULE", "rule.py:RULE does not load: ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path: Path, source: str | None, ask: str, says: str) -> None:
    file = tmp_path / "rule.py"
    if source is not None:
        file.write_text(source)
    with pytest.raises(QuorumError, match=says):
        find_strategy(ask.format(file), RULES)


class Faulty:
    """A strategy that fails where it is told to."""

    name, kind, summary, settings = "faulty", "rule", "fails", {}
    parameters = (Parameter("fast", 3, 1, 9, "bars"),)

    def __init__(self, at: str) -> None:
        self.at = at

    def warmup(self, params: Any) -> int:
        return self._say("warmup", 2)

    def start(self, bars: Any, params: Any) -> int:
        return self._say("start", 0)

    def step(self, state: int, row: Any) -> Any:
        return self._say("step", (state, Target(0.0)))

    def batch(self, bars: Any, params: Any) -> Any:
        return self._say("batch", Targets(np.zeros(len(bars))))

    def _say(self, what: str, answer: Any) -> Any:
        if self.at == f"{what}!":
            return "rubbish"
        if self.at == what:
            raise RuntimeError("out of luck")
        return answer


def asked(strategy: AnyStrategy, what: str) -> Any:
    bars, params = market(), {"fast": 3}
    if what == "warmup":
        return strategy.warmup(params)
    if what == "batch":
        return strategy.batch(bars, params)
    state = strategy.start(bars, params)
    return strategy.step(state, bars.row(7)) if what == "step" else state


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("warmup", "its warm-up"),
        ("start", "X before the first bar"),
        ("step", "X at the bar of 1970-01-01T07:00:00Z"),
        ("batch", "X at the bars of 1970-01-01T00:00:00Z to 1970-01-03T11:00:00Z"),
    ],
)
def test_an_exception_names_strategy_parameters_symbol_and_bar(what: str, where: str) -> None:
    says = rf"^faulty with fast = 3 failed on {where}: RuntimeError: out of luck; mend it at test_guests.py, line \d+$"
    with pytest.raises(InvalidSignal, match=says) as caught:
        asked(guard(Faulty(what)), what)
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("what", ["step", "batch"])
def test_an_answer_of_another_kind_is_refused(what: str) -> None:
    with pytest.raises(InvalidSignal, match="faulty with fast = 3 answers a str on X at the bar"):
        asked(guard(Faulty(f"{what}!")), what)


def test_our_own_errors_pass_as_they_are() -> None:
    with pytest.raises(UsageError, match="fast = 9 is not less than slow = 3"):
        guard(DEMO_MA).warmup({"fast": 9, "slow": 3})


def test_a_guard_changes_no_answer() -> None:
    bars, params = market(200), {"fast": 3, "slow": 9}
    watched = guard(DEMO_MA)
    assert guard(watched) is watched
    assert watched.batch(bars, params).weight.tolist() == DEMO_MA.batch(bars, params).weight.tolist()
    assert watched.over(bars)(params).weight.tolist() == DEMO_MA.batch(bars, params).weight.tolist()  # type: ignore[union-attr]


class Half(Faulty):
    kind, symbols = "portfolio", (1, None)

    def step(self, state: int, row: Any) -> Any:
        return state, self._say("step", np.ones(len(row.close)) / 2)

    def batch(self, bars: Any, params: Any) -> Any:
        return self._say("batch", Allocations(np.arange(1), np.ones((1, len(bars.symbols))) / 2))


def test_a_portfolio_is_watched_too() -> None:
    panel = Panel.of([market()])
    watched = guard(Half(""))
    assert watched.symbols == (1, None)  # type: ignore[union-attr]
    state = watched.start(panel, {})  # type: ignore[arg-type]
    assert watched.step(state, panel.row(3))[1].tolist() == [0.5]  # type: ignore[arg-type, union-attr]
    with pytest.raises(InvalidSignal, match=r"answers a str on X at the bars.*a portfolio's batch gives Allocations"):
        guard(Half("batch!")).batch(panel, {})  # type: ignore[arg-type]


def test_an_object_that_lacks_something_is_refused() -> None:
    class Nearly(Faulty):
        kind = "hunch"

    with pytest.raises(UsageError, match="its kind is 'hunch'; say one of rule"):
        guard(Nearly(""))
    with pytest.raises(UsageError, match="it has no name, kind"):
        guard(object())


def test_the_origin_of_a_strategy_follows_its_source(tmp_path: Path) -> None:
    assert origin(DEMO_MA) is None
    assert origin_hash(guard(DEMO_MA)) is None
    file = tmp_path / "rule.py"
    hashes = []
    for factor in (1, 2, 1):
        file.write_text(RULE.replace("FACTOR = 1", f"FACTOR = {factor}"))
        hashes.append(origin_hash(find_strategy(str(file), RULES)))
    assert hashes[0] == hashes[2] != hashes[1]


def test_the_origin_of_a_package_is_all_of_it(site: Path) -> None:
    folder = site / "outside_pack"
    folder.mkdir()
    (folder / "__init__.py").write_text(RULE.replace("NAME", "packed"))
    info = site / "outside_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[quorum.strategies]\npacked = outside_pack:RULE\n")
    first = origin_hash(find_strategy("packed", RULES))
    (folder / "numbers.py").write_text("ONE = 1\n")
    assert origin_hash(find_strategy("packed", RULES)) != first


def test_what_was_typed_into_a_session_has_an_origin_too() -> None:
    def typed(text: str) -> str | None:
        space: dict[str, Any] = {"__name__": "a_session"}
        exec(f"def rule(bars, params):\n    return bars.close * {text}\n", space)
        return origin_hash(from_batch("typed", space["rule"], 1))

    assert typed("0") == typed("0") != typed("1")


def test_code_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.signals.guests.patience.LOADING_SECONDS", 0.2)
    for name, endless in (("spins", "while True:\n    pass\n"), ("sleeps", "import time\ntime.sleep(30)\n")):
        (tmp_path / f"{name}.py").write_text(endless)
        with pytest.raises(UsageError, match=rf"{name}.py does not load: it was not done after 0.2 s"):
            find_strategy(str(tmp_path / f"{name}.py"), RULES)
    ends = time.monotonic() + 10.0
    while sum(thread.name == "quorum-load" for thread in threading.enumerate()) > 1:  # the sleeper stays behind
        assert time.monotonic() < ends, "the spinning thread was not ended"
        time.sleep(0.02)


def test_what_ends_in_time_is_as_if_it_had_been_called() -> None:
    assert patiently("two", lambda: 2) == 2
    with pytest.raises(SystemExit):
        patiently("an end", lambda: sys.exit(3))
