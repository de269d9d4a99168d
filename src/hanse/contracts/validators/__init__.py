"""Validators: who votes on blocks, which nodes there are, and what happens to faulty ones."""
