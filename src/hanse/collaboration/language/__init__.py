"""The flow language: YAML text to a typed tree that remembers its lines."""

from hanse.collaboration.language.reader import read_flow
from hanse.collaboration.language.tree import FlowDocument

__all__ = ["FlowDocument", "read_flow"]
