"""State snapshots: taken from a running ledger, verified against a state root, put in its place."""
