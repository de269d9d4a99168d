"""A process that has nothing but what it is handed: where foreign Python is run.

`confinement` and `filter` shut the process in, `inmate` is what runs there, `jail` starts it.
"""
