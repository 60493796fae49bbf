"""What `quorum strategy new` writes: a small package with a strategy that works, and its test.

Promise: the package installs, its strategy is found by its name, and its test is green as it was written.
In: a name and a folder. Out: files. Neighbours: the templates beside this file; the command in `cli`.
"""

from quorum.surfaces.scaffold.package import write_package

__all__ = ["write_package"]
