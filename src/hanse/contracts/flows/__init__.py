"""Flows: a compiled collaboration that drives its parties by events."""
