"""The organisation's own tables: import into the vault, publication, export."""
