"""LMDB: one file per ledger, one writing process, one transaction per commit."""
