"""Collaboration: the flow language, its compiler, and the engine that runs flows at a node."""
