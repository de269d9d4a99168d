"""Engines: the libraries that do the computing, wrapped. Importing this loads none of them."""
