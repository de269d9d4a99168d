"""Projections of ledger receipts into SQL: rebuildable at any time, never the truth itself."""
