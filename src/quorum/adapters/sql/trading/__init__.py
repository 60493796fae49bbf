"""Trading in the store: whose a fill is, what accounts were worth, halts, overrides, rates.

Promise: written in the account's own transaction, so that books, shares and worth are one commit.
In: a connection that holds the account. Out: rows, and the values of `domain` and `execution`.
Neighbours: `accounts` books fills by it; `desk.trading` asks through its ports.
"""
