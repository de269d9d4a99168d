"""Stored logins: private, replaced in one step, and only sent where they belong."""

import json
import os
from pathlib import Path

import pytest

from hanse.cli import connection, profile
from hanse.cli.errors import BadProfileFile, NoNodeChosen, ProfileFileExposed
from hanse.cli.profile import Profile

BANK = Profile(url="http://bank:1", token="bank-token", user="alice")


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch) -> Path:
    for name in ("HANSE_URL", "HANSE_TOKEN", "HANSE_PROFILE", "HANSE_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "deep" / "config.json"
    monkeypatch.setenv("HANSE_CONFIG", str(path))
    return path


def test_file_is_private_whatever_the_umask(config: Path) -> None:
    before = os.umask(0)
    try:
        profile.store("default", BANK)
    finally:
        os.umask(before)
    assert config.stat().st_mode & 0o777 == 0o600
    assert json.loads(config.read_text())["profiles"]["default"]["token"] == "bank-token"
    assert [path.name for path in config.parent.iterdir()] == ["config.json"]


def test_default_place_follows_the_desktop_convention(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HANSE_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert profile.profile_path() == tmp_path / "hanse" / "config.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/home/alice")
    assert profile.profile_path() == Path("/home/alice/.config/hanse/config.json")


def test_file_others_can_read_is_refused(config: Path) -> None:
    profile.store("default", BANK)
    config.chmod(0o640)
    with pytest.raises(ProfileFileExposed):
        connection.choose("", "", "")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"profiles": {"a": {"link": "x"}}}'])
def test_broken_file_is_named(config: Path, content: str) -> None:
    profile.store("default", BANK)
    config.write_text(content)
    with pytest.raises(BadProfileFile, match=r"config\.json"):
        profile.load()


def test_no_address_anywhere_is_named() -> None:
    with pytest.raises(NoNodeChosen):
        connection.choose("", "", "")


def test_options_win_over_environment_over_profile(monkeypatch) -> None:
    profile.store("default", BANK)
    assert connection.choose("", "", "").token == "bank-token"
    monkeypatch.setenv("HANSE_URL", "http://other:2")
    monkeypatch.setenv("HANSE_TOKEN", "other-token")
    chosen = connection.choose("", "", "")
    assert (chosen.url, chosen.token) == ("http://other:2", "other-token")
    chosen = connection.choose("http://third:3/", "third-token", "")
    assert (chosen.url, chosen.token) == ("http://third:3", "third-token")


def test_token_goes_only_to_the_address_it_was_made_for() -> None:
    profile.store("default", BANK)
    assert connection.choose("http://evil:9", "", "").token == ""


def test_profiles_are_chosen_by_name(monkeypatch) -> None:
    profile.store("bank", BANK)
    profile.store("shop", Profile(url="http://shop:1", token="shop-token"))
    assert connection.choose("", "", "").url == "http://shop:1"
    assert connection.choose("", "", "bank").token == "bank-token"
    monkeypatch.setenv("HANSE_PROFILE", "bank")
    assert connection.choose("", "", "").url == "http://bank:1"
    with pytest.raises(NoNodeChosen, match="nobody"):
        connection.choose("", "", "nobody")


def test_forget_keeps_the_address() -> None:
    profile.store("default", BANK)
    profile.forget("default")
    assert profile.load().profiles["default"] == Profile(url="http://bank:1", user="alice")
