"""Authenticated state: every key and value of the ledger under one Merkle root."""
