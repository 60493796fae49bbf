"""The command line.

Promise: every command has --json and --help with an example; exit codes are 0 ok, 1 refused, 2 usage, 3, 4.
In: arguments. Out: a table or JSON on standard output, one line on standard error when something is wrong.
Neighbours: calls `desk`, `engine` and `lake` through what `bootstrap` opens; imports them when a command runs.
"""

from quorum.surfaces.cli.app import run

__all__ = ["run"]
