"""Splits: the reference, windows that are never fewer in silence, and a purge that leaves nothing in common."""

from __future__ import annotations

import json
from itertools import pairwise
from math import comb
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.stats.splits import Span, Split, TooFewRows, WalkForward, combinatorial_splits, path_count, rows_of

sizes = st.integers(1, 40)
gaps = st.integers(0, 10)


@pytest.mark.real_data
def test_walks_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/walk_forward_splits.json").read_text())["cases"]
    for case in cases:
        plan = WalkForward(None, case["train"], case["test"], case["purged_size"])
        found = [
            {"train": [w.train.start, w.train.stop - 1], "test": [w.test.start, w.test.stop - 1]}
            for w in plan.split(case["n"])
        ]
        assert found == case["expected"]


def test_twelve_windows_need_1008_rows_and_the_gap() -> None:
    assert WalkForward().rows_needed == 1008
    assert len(WalkForward().split(1008)) == 12
    gapped = WalkForward(purge=5, embargo=2)
    assert gapped.rows_needed == 1015
    assert len(gapped.split(1015)) == 12
    with pytest.raises(TooFewRows, match="1008 rows; 1015 are needed for 12 windows of 252 and 63") as caught:
        gapped.split(1008)
    assert (caught.value.needed, caught.value.found) == (1015, 1008)


@given(st.integers(1, 9), sizes, sizes, st.tuples(gaps, gaps), st.integers(0, 60), st.booleans())
def test_a_walk_tests_every_row_once_and_learns_from_what_came_before(
    windows: int, train: int, test: int, gap: tuple[int, int], spare: int, anchored: bool
) -> None:
    plan = WalkForward(windows, train, test, *gap, anchored)
    n = plan.rows_needed + spare
    found = plan.split(n)
    assert len(found) == windows
    for window in found:
        assert window.test.start - window.train.stop == sum(gap)
        assert window.test.size == test
        assert window.train.size == train or anchored
        assert window.train.start == 0 or not anchored
    assert all(a.test.stop == b.test.start for a, b in pairwise(found))
    assert found[-1].test.stop <= n
    every = WalkForward(None, train, test, *gap, anchored).split(n)
    assert every[:windows] == found
    assert n - every[-1].test.stop < test


@pytest.mark.parametrize("plan", [{"windows": 0}, {"train": 0}, {"test": 0}, {"purge": -1}, {"embargo": -1}])
def test_a_walk_without_size_is_refused(plan: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="sizes of at least 1"):
        WalkForward(**plan)


@pytest.mark.real_data
def test_combinations_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/cpcv_splits.json").read_text())["cases"]
    for case in cases:
        groups, tests = case["n_folds"], case["n_test_folds"]
        found = combinatorial_splits(case["n"], groups, tests, case["purged_size"], case["embargo_size"])
        assert len(found) == case["n_splits"]
        assert path_count(groups, tests) == case["n_test_paths"]
        assert [list(s.paths) for s in found] == case["path_ids"]
        assert [rows_of(s.train).tolist() for s in found] == [s["train"] for s in case["splits"]]
        assert [[rows_of([t]).tolist() for t in s.tests] for s in found] == [s["tests"] for s in case["splits"]]


@st.composite
def markets(draw: st.DrawFn) -> tuple[int, int, int, np.ndarray, int]:
    groups = draw(st.integers(2, 6))
    tests = draw(st.integers(1, groups - 1))
    n = draw(st.integers(groups * 12, 90))
    reach = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    return n, groups, tests, np.arange(n) + np.array(reach), draw(st.integers(0, 3))


@settings(max_examples=30)
@given(markets())
def test_a_purge_leaves_nothing_in_common_and_takes_no_row_in_vain(
    market: tuple[int, int, int, np.ndarray, int],
) -> None:
    n, groups, tests, ends, embargo = market
    for split in combinatorial_splits(n, groups, tests, ends, embargo):
        expected = [row for row in range(n) if all(_apart(row, span, ends, embargo) for span in split.tests)]
        assert rows_of(split.train).tolist() == expected
        assert all(a.stop < b.start for a, b in pairwise(split.train))


def _apart(row: int, span: Span, ends: np.ndarray, embargo: int) -> bool:
    """No label of the span and the row's own share a row, and the row is not too soon after them."""
    if span.start <= row < span.stop:
        return False
    labels = [(t, int(ends[t])) for t in range(*span)]
    shared = any(row <= last and first <= ends[row] for first, last in labels)
    latest = max(last for _, last in labels)
    return not shared and not latest < row <= latest + embargo


@settings(max_examples=40)
@given(st.integers(2, 8).flatmap(lambda g: st.tuples(st.just(g), st.integers(1, g - 1))), st.integers(0, 30))
def test_every_path_proves_every_row_once(shape: tuple[int, int], spare: int) -> None:
    groups, tests = shape
    n = 3 * groups + spare
    splits = combinatorial_splits(n, groups, tests)
    assert len(splits) == comb(groups, tests)
    on_paths: dict[int, list[Span]] = {path: [] for path in range(path_count(groups, tests))}
    for split in splits:
        assert sorted([*rows_of(split.train), *rows_of(split.tests)]) == list(range(n))
        for path, span in zip(split.paths, split.tests, strict=True):
            on_paths[path].append(span)
    for spans in on_paths.values():
        assert rows_of(sorted(spans)).tolist() == list(range(n))


def test_label_ends_and_a_number_of_rows_say_the_same() -> None:
    by_rows = combinatorial_splits(90, 5, 2, 4, 3)
    assert combinatorial_splits(90, 5, 2, np.arange(90) + 4, 3) == by_rows
    assert isinstance(by_rows[0], Split)


def test_a_long_label_is_purged_wherever_it_began() -> None:
    ends = np.arange(40)
    ends[2] = 25
    found = [rows_of(s.train).tolist() for s in combinatorial_splits(40, 4, 1, ends)]
    assert found[0] == list(range(26, 40))
    assert found[1] == [row for row in range(40) if row != 2 and not 10 <= row < 20]
    assert found[2] == [row for row in range(40) if row != 2 and not 20 <= row < 30]
    assert found[3] == list(range(30))


def test_nothing_left_to_learn_from_says_how_many_rows_would_do() -> None:
    with pytest.raises(TooFewRows) as caught:
        combinatorial_splits(39, 3, 2, 5, 3)
    assert (caught.value.needed, caught.value.found) == (42, 39)
    assert len(combinatorial_splits(42, 3, 2, 5, 3)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((60, 6, 6), "1 <= tests < groups"),
        ((60, 6, 0), "1 <= tests < groups"),
        ((500, 40, 20), "at most 100000"),
        ((60, 6, 2, -1), "none before its own row"),
        ((60, 6, 2, 0, -1), "an embargo of -1"),
        ((60, 6, 2, np.arange(59)), "label ends"),
        ((5, 6, 2), "5 rows; 6 are needed"),
    ],
)
def test_what_cannot_be_split_is_refused(arguments: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        combinatorial_splits(*arguments)


def test_a_hundred_thousand_rows_are_split_at_once() -> None:
    ends = np.arange(100_000) + np.random.default_rng(0).integers(0, 50, 100_000)
    started = process_time()
    splits = combinatorial_splits(100_000, 10, 5, ends, 100)
    assert process_time() - started < 0.5
    assert len(splits) == 252
