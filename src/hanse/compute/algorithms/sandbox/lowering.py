"""JAX function → StableHLO text, and StableHLO → values on the processor. Loads JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hanse.compute.engines import library


def lower(function: Callable[..., Any], shapes: Sequence[Any]) -> tuple[str, Any]:
    """Trace a function for the platform without special instructions.

    Sorting is traced as SPU's own front end does it, without turning floats into integers.

    Returns:
        The program, and shape and dtype of what the function returns.
    """
    frontend = library.spu_frontend()
    import jax
    from jax._src.xla_bridge import _backends, register_backend_factory
    from jax.interpreters.xla import Backend

    if "interpreter" not in _backends:
        register_backend_factory("interpreter", Backend, priority=-100)
    patched = frontend._patch_jax()
    try:
        traced = jax.jit(function, keep_unused=True).trace(*shapes)
        lowered = traced.lower(lowering_platforms=("interpreter",))
    finally:
        frontend._restore_jax_patch(patched)
    return str(lowered.compiler_ir("stablehlo")), lowered.out_info


def evaluate(program: bytes, arrays: Sequence[Any]) -> list[Any]:
    """Run a program on the processor; float32."""
    import jax
    from jax._src.lib import xla_client

    client = jax.devices("cpu")[0].client
    ready = client.compile(program, xla_client.CompileOptions())
    return list(ready.execute([client.buffer_from_pyval(array) for array in arrays]))
