from quorum.lake.bars import Bars, on_grid

__all__ = ["Bars", "on_grid"]
