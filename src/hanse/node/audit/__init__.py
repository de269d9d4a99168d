"""The append-only, hash-chained log of every action, anchored on the ledger."""
