"""Installed packages with strategies, as a package installer leaves them behind."""

from __future__ import annotations

from pathlib import Path

RULE = '''
from quorum.signals import Parameter, from_batch

FACTOR = 1

def rule(bars, params):
    """Long above the close of `back` bars before."""
    weight = bars.close * 0
    back = int(params["back"])
    weight[back:] = (FACTOR * bars.close[back:] > bars.close[:-back]) * 1.0
    return weight

RULE = from_batch("NAME", rule, lambda params: int(params["back"]) + 1, (Parameter("back", 3, 1, 50, "bars"),))
'''


def install(site: Path, package: str, points: dict[str, str], source: str) -> Path:
    """A package of one module, `source`, and its metadata with these entry points, in the folder `site`."""
    module = site / f"{package}.py"
    module.write_text(source)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[quorum.strategies]", *lines, ""]))
    return module
