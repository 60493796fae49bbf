"""A language model in a seat, by pydantic-ai.

Promise: an answer is data that can be run, paid for before it is asked; whatever else a model does leaves it silent.
In: what is wanted, and a purse. Out: proposals, or Silent.
Neighbours: a Seat of `desk.meeting`; rules are read by `signals`; works with the extra `llm` only.
"""

from quorum.desk.meeting.language.asking import LanguageSeat
from quorum.desk.meeting.language.drafts import Draft, Drafts, fault_of

__all__ = ["Draft", "Drafts", "LanguageSeat", "fault_of"]
