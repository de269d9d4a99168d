"""What the node does by itself when the ledger says something."""
