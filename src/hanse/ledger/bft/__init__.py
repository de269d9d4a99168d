"""Ordering by validators: the ledger's application under CometBFT."""
