"""Identity: DIDs, keys by height, members, roles, credential status."""
