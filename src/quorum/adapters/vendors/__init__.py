"""The vendors of past bars by name.

Promise: one table says which there are; each is set up as config/sources.yaml says.
In: a name, settings, keys, a clock. Out: BarVendor of `lake.pull`; UsageError for a name that is not there.
Neighbours: `bootstrap` asks; the subpackages beside this one are the vendors.
"""

from quorum.adapters.vendors.table import VENDORS, Bench, vendor

__all__ = ["VENDORS", "Bench", "vendor"]
