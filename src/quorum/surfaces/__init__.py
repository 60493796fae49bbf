"""Surfaces: faces of the desk's use cases.

Promise: what one face can do, it does by the use case that the others call.
In: a person's words. Out: text, JSON, pages.
Neighbours: `bootstrap` hands it a desk; it knows no adapter.
"""

__all__: list[str] = []
