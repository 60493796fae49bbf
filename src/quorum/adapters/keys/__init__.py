"""Keys: where they are kept, and a value that does not show them.

Promise: a key appears in no text, no error and no record; a file that others may read is refused.
In: references as env:NAME, keyring:SERVICE:NAME, file:PATH:NAME. Out: Secret; ConfigError.
Neighbours: venues and vendors reveal a Secret when they send it; only `bootstrap` has the environment.
"""

from quorum.adapters.keys.places import Keys
from quorum.adapters.keys.secret import Secret

__all__ = ["Keys", "Secret"]
