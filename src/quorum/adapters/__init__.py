"""Adapters: implementations of the rooms' ports, a subpackage each, and nothing else.

Promise: each keeps the promise of the port that it implements; one contract suite runs over all of them.
In: words of `domain`. Out: the same.
Neighbours: only `bootstrap` knows this room.
"""

__all__: list[str] = []
