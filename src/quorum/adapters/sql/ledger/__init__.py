"""The ledger in the store: entries read back, what entries that are no fills do to holdings, rates between currencies.

Promise: what is read is what was booked; holdings move in the transaction of their entry.
In: a connection that holds the account. Out: rows, and the values of `execution`.
Neighbours: `accounts` and the transaction of `trading` write by it; `desk.trading.accounting` asks through its ports.
"""
