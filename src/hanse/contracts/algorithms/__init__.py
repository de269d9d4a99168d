"""Algorithms: signed metadata of members' own algorithms, and each party's signed approval."""
