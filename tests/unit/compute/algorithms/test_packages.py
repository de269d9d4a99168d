"""Packages: canonical bytes and fingerprint, named refusals, the traced program's checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from own_package import MANIFEST, SOURCE, needs_sandbox, package

from hanse.compute.algorithms import errors
from hanse.compute.algorithms.manifest import (
    from_plain,
    plain_manifest,
    read_manifest,
    settings_of,
    split_reference,
)
from hanse.compute.algorithms.package import (
    MAX_SOURCE_BYTES,
    decode_package,
    make_package,
    read_folder,
    verify_package,
    write_folder,
)
from hanse.compute.algorithms.program import MAX_PROGRAM_BYTES, check_program, evaluate, trace
from hanse.compute.algorithms.source import check_source
from hanse.core import canonical
from hanse.crypto.suite import get_suite

SM = get_suite("sm")


def test_fingerprint_does_not_depend_on_where_the_files_lie(tmp_path: Path) -> None:
    held = package()
    write_folder(held, tmp_path / "one")
    windows = tmp_path / "two"
    windows.mkdir()
    (windows / "algorithm.py").write_text(SOURCE, "utf-8", newline="\r\n")
    (windows / "manifest.yaml").write_text(MANIFEST, "utf-8", newline="\r\n")
    for folder in (tmp_path / "one", windows):
        assert read_folder(folder).fingerprint(SM) == held.fingerprint(SM)
    assert held.fingerprint(SM) != held.fingerprint(get_suite("intl"))
    assert decode_package(held.encode()) == held


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_any_altered_byte_is_found(place: int, value: int) -> None:
    data = package().encode()
    place %= len(data)
    if data[place] == value:
        return
    altered = data[:place] + bytes([value]) + data[place + 1 :]
    with pytest.raises(errors.FingerprintDiffers):
        verify_package(altered, package().fingerprint(SM), SM)


def test_bytes_that_are_not_canonical_are_refused() -> None:
    data = package().encode()
    with pytest.raises(errors.BadPackage, match="canonical"):
        decode_package(data.replace(b'","source"', b'", "source"'))
    with pytest.raises(errors.BadPackage):
        decode_package(b"[]")
    with pytest.raises(errors.BadPackage):
        decode_package(b"x" * 200_000)


def test_folder_holds_two_files_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(errors.BadPackage):
        read_folder(tmp_path / "absent")
    folder = tmp_path / "algorithm"
    write_folder(package(), folder)
    with pytest.raises(errors.BadPackage, match="exists"):
        write_folder(package(), folder)
    (folder / "more.py").write_text("", "utf-8")
    with pytest.raises(errors.BadPackage, match=r"more\.py"):
        read_folder(folder)
    (folder / "more.py").unlink()
    (folder / "algorithm.py").write_bytes(b"\xff\xfe")
    with pytest.raises(errors.BadPackage, match="UTF-8"):
        read_folder(folder)
    with pytest.raises(errors.BadPackage, match="longer"):
        make_package(MANIFEST, "#" * (MAX_SOURCE_BYTES + 1))


def test_manifest_survives_the_ledger() -> None:
    manifest = package().manifest
    plain = plain_manifest(manifest)
    canonical.encode(plain)  # has no floats
    assert from_plain(plain) == manifest


BAD_MANIFESTS = {
    "no YAML": (":\n  - : :\n{", "YAML"),
    "a list": ("- a", "object"),
    "unknown entry": (MANIFEST + "more: 1\n", "more"),
    "no inputs": (MANIFEST.replace("  income: {minimum: 0, maximum: 1000}\n", "").replace(
        "  debt: {minimum: 0, maximum: 1000}\n", "").replace("inputs:", "inputs: {}"), "inputs"),
    "upside-down range": (MANIFEST.replace("maximum: 1000}", "maximum: -1}"), "inputs"),
    "range beyond fixed point": (MANIFEST.replace("maximum: 1000}", "maximum: 1.0e9}"), "inputs"),
    "range without end": (MANIFEST.replace("maximum: 1000}", "maximum: .inf}"), "inputs"),
    "version": (MANIFEST.replace("1.0.0", "1.0"), "version"),
    "name": (MANIFEST.replace("name: burden", "name: ../x"), "name"),
    "level": (MANIFEST.replace("[1, 2, 3]", "[0]"), "levels"),
    "level twice": (MANIFEST.replace("[1, 2, 3]", "[1, 1]"), "level"),
    "default out of range": (MANIFEST.replace("default: 0.5", "default: 2"), "weight"),
    "default of another type": (MANIFEST.replace("default: 0.5", "default: true"), "weight"),
    "one name twice": (MANIFEST.replace("  weight:", "  debt:"), "same name"),
    "too long": (MANIFEST + "#" * 20_000, "longer"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "named"), BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_bad_manifest_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(errors.BadManifest, match=named):
        read_manifest(text)


def test_settings_are_checked_and_filled_in() -> None:
    manifest = package().manifest
    assert settings_of(manifest, []) == {"weight": 0.5}
    assert settings_of(manifest, ["weight=0.25"]) == {"weight": 0.25}
    for bad in ("weight", "height=1", "weight=2", "weight=x", "weight=nan"):
        with pytest.raises(errors.BadManifest):
            settings_of(manifest, [bad])
    assert split_reference("burden@1.0.0") == ("burden", "1.0.0")
    for bad in ("burden", "burden@1", "Burden@1.0.0", "burden@01.0.0"):
        with pytest.raises(errors.BadManifest):
            split_reference(bad)


HEAD = "def algorithm(x):\n    return {}\n"
FORBIDDEN = {
    "import": "import os\n",
    "from": "from socket import socket\n",
    "numpy": "import numpy as np\n",
    "callbacks of JAX": "from jax import pure_callback\n",
    "part of JAX": "from jax.experimental import io_callback\n",
    "relative": "from . import x\n",
    "open": "x = open('f')\n",
    "eval": "eval('1')\n",
    "builtins": "__builtins__['open']\n",
    "dunder": "x = ().__class__.__bases__\n",
    "class": "class A:\n    pass\n",
    "no Python": "def\n",
}


@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN)
def test_source_with_forbidden_parts_is_refused(source: str) -> None:
    with pytest.raises(errors.ForbiddenCode, match="line"):
        check_source(source + HEAD)


def test_source_needs_the_function() -> None:
    check_source("from jax import lax, numpy as jnp\nimport math\n" + HEAD)
    with pytest.raises(errors.ForbiddenCode, match="algorithm"):
        check_source("x = 1\n")


@pytest.mark.parametrize(
    "operation",
    [
        "stablehlo.custom_call @xla_python_cpu_callback(%0)",
        '"stablehlo.custom_call"(%0)',
        "stablehlo.outfeed ",
        "stablehlo.rng ",
        '"memref.load"(%0)',
        "llvm.call ",
    ],
)
def test_program_with_other_operations_is_refused(operation: str) -> None:
    text = f"func.func public @main() {{\n    %1 = {operation}\n}}"
    with pytest.raises(errors.ProgramRefused, match="is not allowed"):
        check_program(text.encode())


def test_program_that_is_too_large_is_refused() -> None:
    with pytest.raises(errors.ProgramRefused, match="longer"):
        check_program(b" " * (MAX_PROGRAM_BYTES + 1))
    with pytest.raises(errors.ProgramRefused, match="more than"):
        check_program(b"%0 = stablehlo.add %1\n" * 30_000)


def test_trace_checks_what_the_function_returns(tmp_path: Path) -> None:
    needs_sandbox()
    answer = trace(package(), 8, {"weight": 0.5}, str(tmp_path))
    assert trace(package(), 8, {"weight": 0.5}, str(tmp_path)) == answer  # from the cache
    assert len(list(tmp_path.iterdir())) == 1
    body = SOURCE[SOURCE.index("    return") :]
    for returned, error in (
        ('    return {"burden": burden}\n', errors.OutputsDiffer),
        (
            '    return {"burden": burden, "mean": burden, "top": burden[:3]}\n',
            errors.OutputsDiffer,
        ),
        ("    return burden\n", errors.NotTraceable),
        ("    return {'burden': 1} if burden[0] > 0 else {}\n", errors.NotTraceable),
    ):
        with pytest.raises(error):
            trace(package(source=SOURCE.replace(body, returned)), 8, {"weight": 0.5}, "")


def test_plain_run_gives_the_values() -> None:
    needs_sandbox()
    import numpy as np

    income, debt = np.arange(8, dtype=np.float32), np.arange(8, dtype=np.float32) * 3
    answer = trace(package(), 8, {"weight": 0.5}, "")
    values = evaluate(answer, {"income": income, "debt": debt}, package().manifest)
    expected = 0.5 * debt / (income + 1)
    assert np.allclose(values["burden"], expected)
    assert np.allclose(values["mean"], expected.mean())
    assert np.allclose(values["top"], np.sort(expected)[-3:])
