"""The demo: the whole desk on embedded data, ending with a page.

Promise: every room does real work on real or synthetic bars, with no keys and no network; a seed gives one story.
In: a folder and a seed. Out: a DemoResult and report.html.
Neighbours: drives `desk` through `bootstrap` as any user could; `report` draws what happened.
"""

from quorum.surfaces.demo.run import DemoResult, Extent, run_demo

__all__ = ["DemoResult", "Extent", "run_demo"]
