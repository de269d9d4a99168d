"""Settings file, home and lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hanse.node.errors import BadSettings, HomeExists, HomeInUse, NotAHome
from hanse.node.home import NodeHome
from hanse.node.lock import HomeLock
from hanse.node.settings import SETTINGS_FILE, Settings, load_settings
from hanse.node.settings_file import change_setting, render_settings


def write(home: Path, **changes: object) -> None:
    values = {
        "name": '银行 "A"\\',
        "suite": "sm",
        "host": "127.0.0.1",
        "port": 8440,
        "public_url": "",
        "import_directories": ["/srv/数据"],
        **changes,
    }
    (home / SETTINGS_FILE).write_text(render_settings(**values), "utf-8")  # type: ignore[arg-type]


def test_written_file_loads_and_equals_the_defaults(tmp_path: Path) -> None:
    write(tmp_path)
    loaded = load_settings(tmp_path)
    assert loaded.name == '银行 "A"\\'
    assert loaded.data.import_directories == ["/srv/数据"]
    defaults = Settings(name="x")
    for section in Settings.model_fields.keys() - {"name", "data"}:
        assert getattr(loaded, section) == getattr(defaults, section), section


def test_every_setting_is_in_the_file_with_a_comment(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / SETTINGS_FILE).read_text("utf-8")
    for name, field in Settings.model_fields.items():
        keys = getattr(field.annotation, "model_fields", None)
        for key in keys or [name]:
            assert f"\n{key} = " in text, f"{name}.{key}"
    assert text.count("#") > 25


def test_environment_overrides_the_file(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("HANSE_HTTP__PORT", "8500")
    monkeypatch.setenv("HANSE_LOG__LEVEL", "debug")
    loaded = load_settings(tmp_path)
    assert (loaded.http.port, loaded.http.host, loaded.log.level) == (8500, "127.0.0.1", "debug")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name = 'a'\nnmae = 'b'", "nmae"),
        ("name = 'a'\n[http]\nprot = 1", "http.prot"),
        ("name = 'a'\n[http]\nport = 70000", "http.port"),
        ("name = ", "hanse.toml"),
        ("suite = 'sm'", "name"),
    ],
)
def test_bad_file_names_the_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / SETTINGS_FILE).write_text(text)
    with pytest.raises(BadSettings, match=named):
        load_settings(tmp_path)


def test_missing_file_is_no_home(tmp_path: Path) -> None:
    with pytest.raises(NotAHome):
        load_settings(tmp_path)


def test_change_setting_keeps_comments(tmp_path: Path) -> None:
    write(tmp_path)
    before = (tmp_path / SETTINGS_FILE).read_text("utf-8")
    change_setting(tmp_path, "ledger", "role", "follower")
    change_setting(tmp_path, "ledger", "operator_url", "http://127.0.0.1:1/\\1")
    after = (tmp_path / SETTINGS_FILE).read_text("utf-8")
    loaded = load_settings(tmp_path)
    assert loaded.ledger.role == "follower"
    assert loaded.ledger.operator_url == "http://127.0.0.1:1/\\1"
    assert len(after.splitlines()) == len(before.splitlines())


def test_home_refuses_a_directory_with_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(HomeExists):
        NodeHome(tmp_path).create()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_home_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = NodeHome(tmp_path / "n")
    home.create()
    assert home.root.stat().st_mode & 0o077 == 0
    assert home.secrets.stat().st_mode & 0o077 == 0


def test_second_process_cannot_take_the_lock_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "node.lock"
    code = (
        "import sys, pathlib; from hanse.node.lock import HomeLock\n"
        "lock = HomeLock(pathlib.Path(sys.argv[1])); lock.acquire(); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(HomeInUse, match=str(holder.pid)):
        HomeLock(path).acquire()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with HomeLock(path), pytest.raises(HomeInUse):
        HomeLock(path).acquire()
