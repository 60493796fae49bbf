"""The pages in a real browser: charts are drawn without complaint, and a reader can look closer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from quorum.domain import MINUTE
from quorum.surfaces.report import Step, comparison, desk_report, tearsheet
from surfaces.browser import Page, browser
from surfaces.pages import made_bars, made_panel, made_run, made_story

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")

INK = """(selector => {
  const c = document.querySelector(selector), seen = new Set();
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  for (let i = 0; i < d.length; i += 4) if (d[i + 3]) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
  return seen.size;
})"""
FRAMES = """new Promise(done => {
  const c = document.querySelector('#price canvas'), times = [];
  let last = performance.now();
  const frame = now => {
    times.push(now - last);
    last = now;
    c.dispatchEvent(new KeyboardEvent('keydown', { key: times.length % 2 ? '+' : '-' }));
    times.length < 40 ? requestAnimationFrame(frame) : done(times);
  };
  requestAnimationFrame(frame);
})"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def shown(page: Page, folder: Path, text: str) -> None:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    page.console.clear()
    page.open(file)


def legend(page: Page, name: str) -> str:
    return str(page.find(f"document.querySelector('#{name} .legend').innerText")).replace("\n", " ")


def joined(page: Page) -> int:
    """How many bars the candle under the pointer joins."""
    told = re.search(r"([\d,]+) bars", legend(page, "price"))
    return int(told.group(1).replace(",", "")) if told else 1


def test_every_chart_of_every_page_is_drawn_without_complaint(page: Page, tmp_path: Path) -> None:
    run, many = made_run(made_bars(24 * 90)), made_run(made_panel(120, 5))
    charts = {"sheet": 4, "many": 3, "compared": 1, "desk": 2}
    pages = (tearsheet(run), tearsheet(many), comparison([run, run]), desk_report(made_story()))
    for text, count in zip(pages, charts.values(), strict=True):
        shown(page, tmp_path, text)
        names = page.find("[...document.querySelectorAll('.plot')].map(p => p.id)")
        assert len(names) == count
        for name in names:
            assert page.find(f"{INK}('#{name} canvas')") > 3, name
        assert page.console == []


def test_a_telephone_shows_a_page_without_scrolling_sideways(page: Page, tmp_path: Path) -> None:
    steps = (Step("a workspace, two synthetic markets and 22 real series, each with its checks", 5.0),)
    file = tmp_path / "page.html"
    file.write_text(desk_report(made_story(steps=steps)), encoding="utf-8")
    page.open(file, width=390, height=800)
    assert page.find("document.documentElement.scrollWidth") == 390


def test_a_reader_drags_to_look_closer_and_double_clicks_to_see_all(page: Page, tmp_path: Path) -> None:
    shown(page, tmp_path, tearsheet(made_run(made_bars(20_000, MINUTE), 500)))
    left, top, width, _ = page.box("#price canvas")
    page.move(left + width / 2, top + 100)
    page.settle()
    afar = joined(page)
    assert afar > 16
    for _ in range(3):
        page.drag((left + 0.45 * width, top + 100), (left + 0.55 * width, top + 140))
    page.move(left + width / 2, top + 100)
    page.settle()
    assert joined(page) == 1
    assert "open" in legend(page, "price")
    page.drag((left + width / 2, top + 468), (left + 20, top + 468))  # the strip below the candles
    page.move(left + width / 2, top + 100)
    page.settle()
    assert joined(page) == 1
    assert legend(page, "price").startswith("2024-01-01")
    page.find("document.querySelector('#price canvas').dispatchEvent(new KeyboardEvent('keydown', { key: '0' }))")
    page.settle()
    assert joined(page) == afar
    page.drag((left + 0.45 * width, top + 100), (left + 0.55 * width, top + 140))
    page.double_click(left + width / 2, top + 100)
    assert joined(page) == afar
    assert page.console == []


def test_candles_on_the_page_are_those_of_the_bars(page: Page, tmp_path: Path) -> None:
    bars = made_bars(60)
    shown(page, tmp_path, tearsheet(made_run(bars)))
    left, top, width, _ = page.box("#price canvas")
    page.move(left + 6 + (width - 80) * 30.5 / 60, top + 100)
    page.settle()
    numbers = [
        float(v.replace(",", "")) for v in re.findall(r"(?:open|high|low|close) ([\d.,]+)", legend(page, "price"))
    ]
    assert bars.open is not None
    assert bars.high is not None
    assert bars.low is not None
    assert numbers == pytest.approx([c[30] for c in (bars.open, bars.high, bars.low, bars.close)], abs=2e-3)


@pytest.mark.slow
def test_half_a_million_bars_open_and_move(page: Page, tmp_path: Path) -> None:
    bars = made_bars(525_600, MINUTE)
    text = tearsheet(made_run(bars, 4_000))
    assert len(text) < 6_000_000
    shown(page, tmp_path, text)
    left, top, width, _ = page.box("#price canvas")
    assert np.median(page.find(FRAMES)) < 100
    for _ in range(4):
        page.drag((left + 0.45 * width, top + 100), (left + 0.55 * width, top + 140))
    page.move(left + width / 2, top + 100)
    page.settle()
    assert joined(page) == 1
    assert page.console == []
