"""Loads parts of the `spu` package one by one.

``import spu`` also loads JAX (about 0.3 s), which only compiling a program needs. So an empty
package module is put in its place first, and its parts are imported under it; they only import
each other.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

_PACKAGE = "spu"


def libspu() -> Any:
    """Links, runtime and share types."""
    return _part("libspu")


def libpsi() -> Any:
    """Private set intersection."""
    _part("libspu")  # registers the link types that libpsi takes
    return _part("libpsi")


def spu_api() -> Any:
    """`Runtime`, `Io` and `compile` of SPU."""
    return _part("api")


def spu_frontend() -> Any:
    """The compiler from JAX; loads JAX."""
    import jax.extend  # noqa: F401  the frontend uses it without importing it

    return _part("utils.frontend")


def _part(name: str) -> Any:
    _quiet()
    if _PACKAGE not in sys.modules:
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError("the package spu is not installed")
        package = ModuleType(_PACKAGE)
        package.__path__ = list(spec.submodule_search_locations)
        package.__spec__ = spec
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")


def _quiet() -> None:
    """Keep the libraries' own chatter to warnings."""
    os.environ.setdefault("SPDLOG_LEVEL", "warn")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
