"""The HTTP face of a node: middleware, permissions, routers."""
