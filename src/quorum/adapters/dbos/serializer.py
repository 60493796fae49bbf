"""How the engine's values are written: plain JSON, and an error as its kind and its words. Nothing is ever executed."""

from __future__ import annotations

import json
from typing import Any

from dbos import Serializer

from quorum.domain import QuorumError

NAME = "quorum_json"
ERROR = "quorum.error"


class JsonSerializer(Serializer):
    """Serializer of what JSON can hold; anything else is refused when it is written."""

    def name(self) -> str:
        return NAME

    def serialize(self, data: Any) -> str:
        if isinstance(data, BaseException):
            found, remedy = (data.found, data.remedy) if isinstance(data, QuorumError) else (str(data), "")
            data = {ERROR: [type(data).__name__, found, remedy]}
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def deserialize(cls, serialized_data: str) -> Any:
        data = json.loads(serialized_data)
        if isinstance(data, dict) and ERROR in data:
            kind, found, remedy = data[ERROR]
            return QuorumError(found if kind in found else f"{kind}: {found}", remedy)
        return data
