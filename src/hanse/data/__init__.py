"""Data at its owner: import, types, profile, digest, and the vault that keeps it encrypted.

Knows nothing of ledger or contracts. The way in is `hanse.data.importing.import_file`; what it
returns can be read (`hanse.data.tables.Table`), profiled, digested and exported.
"""
