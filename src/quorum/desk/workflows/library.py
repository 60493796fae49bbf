"""The workflows that there are: the user's own over the shipped ones, and what a run of one is asked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from quorum.desk.settings.reading import closest
from quorum.desk.workflows.document import Known, Protocols, Sheet, convert
from quorum.desk.workflows.reading import PROTOCOLS, read_workflow
from quorum.desk.workflows.spec import WorkflowSpec
from quorum.domain import ConfigError, NotFound, UsageError, content_hash, plain


class Carried(NamedTuple):
    """What a run carries of its spec, plain values all: its document, those of its sub-workflows, their hash."""

    document: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, Any]]
    content_hash: str


def workflows(folder: Path, known: Known, protocols: Protocols = PROTOCOLS) -> dict[str, WorkflowSpec | ConfigError]:
    """Every workflow by name, one that cannot be read as its error: those in `folder` over the shipped ones."""
    shelf = _Shelf(folder)
    found: dict[str, WorkflowSpec | ConfigError] = {}
    for name in shelf:
        try:
            found[name] = shelf.spec(name, known, protocols)
        except ConfigError as error:
            found[name] = error
    return found


def find_workflow(name: str, folder: Path, known: Known, protocols: Protocols = PROTOCOLS) -> WorkflowSpec:
    """The workflow of that name; NotFound with the nearest for none, ConfigError for one that cannot be read."""
    shelf = _Shelf(folder)
    if name not in shelf.paths:
        raise NotFound(f"there is no workflow {name!r}{closest(name, shelf)}", f"there are {', '.join(shelf)}")
    return shelf.spec(name, known, protocols)


def check_file(path: Path, folder: Path, known: Known, protocols: Protocols = PROTOCOLS) -> WorkflowSpec:
    """The workflow in a file anywhere, its sub-workflows as they are in `folder`; ConfigError for what is wrong."""
    return _Shelf(folder).within(_read(path), known, protocols)


def request(spec: WorkflowSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run as plain JSON: those given, converted to their kinds, defaults for the others.

    UsageError naming the parameter for one that the spec has not, of another kind, or that is required and missing.
    """
    params = {p.name: p for p in spec.params}
    for name in given:
        if name not in params:
            found = f"{spec.name} has no parameter {name!r}{closest(name, params)}"
            raise UsageError(found, f"it has {', '.join(params) or 'none'}")
    lost = [p.name for p in spec.params if p.required and given.get(p.name) is None]
    if lost:
        raise UsageError(
            f"{spec.name} needs {', '.join(lost)}", "give " + " ".join(f"--param {name}=…" for name in lost)
        )
    return {
        name: convert(p, given[name]) if given.get(name) is not None else plain(p.default) for name, p in params.items()
    }


def to_document(spec: WorkflowSpec) -> Carried:
    """What `compile_workflow` makes the same spec of, whatever becomes of its file; the hash names these contents."""
    return Carried(
        spec.document, spec.parts, content_hash({"document": spec.document, "parts": dict(sorted(spec.parts.items()))})
    )


class _Shelf(Mapping[str, Mapping[str, Any]]):
    """The documents of all workflows by name; each is read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        shipped = Path(str(files("quorum.desk.workflows") / "shipped"))
        found = [*sorted(shipped.glob("*.yaml")), *sorted(folder.glob("*.yaml")), *sorted(folder.glob("*.yml"))]
        self.paths = dict(sorted({path.stem: path for path in found if not path.name.startswith(".")}.items()))
        self._sheets: dict[str, Sheet] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        plain_values: Mapping[str, Any] = self.sheet(name).plain
        return plain_values

    def sheet(self, name: str) -> Sheet:
        if name not in self._sheets:
            self._sheets[name] = _read(self.paths[name])
        return self._sheets[name]

    def spec(self, name: str, known: Known, protocols: Protocols) -> WorkflowSpec:
        return self.within(self.sheet(name), known, protocols)

    def within(self, sheet: Sheet, known: Known, protocols: Protocols) -> WorkflowSpec:
        """The spec of a sheet among the workflows here."""
        return read_workflow(sheet, Known(known.agents, known.tasks, self), protocols)


def _read(path: Path) -> Sheet:
    """The sheet of a workflow whose name is that of its file."""
    if path.suffix != ".yaml":
        raise ConfigError(f"{path}: workflows end in .yaml", f"rename it to {path.stem}.yaml")
    sheet = Sheet.read(path)
    name = sheet.plain.get("workflow") if isinstance(sheet.plain, dict) else None
    if isinstance(name, str) and name != path.stem:
        raise sheet.refuse(("workflow",), f"the workflow {name!r} stands in {path.name}", "give both the same name")
    return sheet
