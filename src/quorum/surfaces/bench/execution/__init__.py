"""What it costs to check, send, halt and flatten.

Promise: measured on the values and doors that the desk itself uses; a row is measured or it is not there.
In: nothing. Out: Measures.
Neighbours: `bench.run` shows the numbers.
"""

from quorum.surfaces.bench.execution.precheck import precheck

__all__ = ["precheck"]
