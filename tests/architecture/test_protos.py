"""What is generated from .proto files is current."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PROTOS = sorted(SOURCE.rglob("*.proto"))


@pytest.mark.parametrize("proto", PROTOS, ids=lambda path: path.name)
def test_generated_messages_are_current(proto: Path, tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is a development dependency")
    inside = proto.relative_to(SOURCE)
    (tmp_path / inside).parent.mkdir(parents=True)
    shutil.copy(proto, tmp_path / inside)
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--pyi_out=."]
    subprocess.run([*command, str(inside)], cwd=tmp_path, check=True)
    for suffix in ("_pb2.py", "_pb2.pyi"):
        name = inside.with_name(inside.stem + suffix)
        assert (tmp_path / name).read_text() == (SOURCE / name).read_text(), "run make protos"


def test_there_are_protos() -> None:
    assert PROTOS
