"""Named errors of own algorithms.

Texts of foreign code are passed on only from tracing, where there is no data.
"""

from __future__ import annotations

from hanse.compute.errors import Located, TaskError
from hanse.core.errors import InputError, VerificationError


class BadPackage(Located, InputError):
    """The package is not of the form of an algorithm package."""

    code = "algorithm.bad_package"
    help = "A package is a folder with manifest.yaml and algorithm.py, and nothing else."


class BadManifest(Located, InputError):
    """The manifest lacks something, or says something it may not."""

    code = "algorithm.bad_manifest"
    help = "Correct the entry named; docs/own-algorithms.md describes all of them."


class ForbiddenCode(Located, InputError):
    """The source uses what an algorithm may not use."""

    code = "algorithm.forbidden_code"
    help = "Write the algorithm as one function over arrays with jax.numpy and jax.lax only."


class NotTraceable(Located, InputError):
    """JAX cannot trace the function for the declared inputs."""

    code = "algorithm.not_traceable"
    help = "Python's if and while cannot look at values: use jnp.where or jax.lax.fori_loop."


class OutputsDiffer(Located, InputError):
    """The function returns other outputs than its manifest declares."""

    code = "algorithm.outputs_differ"
    help = "Return a dictionary with an array for every output of the manifest, in its shape."


class ProgramRefused(Located, InputError):
    """The traced program is too large or has an operation that is not allowed."""

    code = "algorithm.program_refused"
    help = "Use fewer unrolled steps, and only operations that work under MPC."


class BadValue(Located, InputError):
    """A column has missing values, or values outside what the manifest declares."""

    code = "algorithm.bad_value"
    help = "Fill or cap the column before the step, or use a version with a wider range."


class FingerprintDiffers(Located, VerificationError):
    """The package is not the one that was published and approved."""

    code = "algorithm.fingerprint_differs"
    help = "Fetch the package again; if it differs still, do not run it and tell its author."


class PackageMissing(Located, InputError):
    """This node does not have the package."""

    code = "algorithm.package_missing"
    help = "Fetch it from its author's node: hanse algorithms fetch NAME@VERSION."


class ForbiddenAction(TaskError):
    """In the sandbox the algorithm asked the system for what it may not have."""

    code = "algorithm.forbidden_action"
    help = "An algorithm has no network, no files and no processes. Do not approve this one."


class AlgorithmMemory(TaskError):
    """In the sandbox the algorithm needed more memory than it was given."""

    code = "algorithm.memory_exceeded"
    help = "Use smaller arrays, or declare a higher limit in the manifest."


class AlgorithmTime(TaskError):
    """In the sandbox the algorithm took longer than it was given."""

    code = "algorithm.time_exceeded"
    help = "Use loops of jax.lax instead of unrolled ones, or declare a higher limit."


class AlgorithmCrashed(TaskError):
    """The sandbox's process ended without an answer."""

    code = "algorithm.crashed"
    help = "Look for a recursion without end or an operation the platform lacks."


class NoSandbox(TaskError):
    """This host cannot shut a process in, so nothing foreign is run on it."""

    code = "algorithm.no_sandbox"
    help = "Allow unprivileged user namespaces on a Linux host (x86-64), or run this elsewhere."
