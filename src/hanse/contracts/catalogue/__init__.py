"""Catalogue: signed metadata of datasets and computing resources."""
