"""Where addresses and tokens are kept between calls: one JSON file, mode 0600.

``$HANSE_CONFIG`` names it, else ``$XDG_CONFIG_HOME/hanse/config.json``, else
``~/.config/hanse/config.json``. Several nodes live in it under profile names.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hanse.cli.errors import BadProfileFile, ProfileFileExposed

DEFAULT = "default"


class Profile(BaseModel):
    """One node as one user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    token: str = ""
    user: str = ""
    ca_file: str = ""


class ProfileFile(BaseModel):
    """The file's content."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current: str = DEFAULT
    profiles: dict[str, Profile] = Field(default_factory=dict)


def profile_path() -> Path:
    """Where the file is, or would be."""
    if named := os.environ.get("HANSE_CONFIG"):
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "hanse" / "config.json"


def load() -> ProfileFile:
    """Read the file; a missing one is empty.

    Raises:
        ProfileFileExposed: when group or others may read it.
        BadProfileFile: when it does not parse.
    """
    path = profile_path()
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ProfileFileExposed(f"{path} is readable by others")
            return ProfileFile.model_validate_json(file.read())
    except FileNotFoundError:
        return ProfileFile()
    except ValidationError:
        raise BadProfileFile(f"{path} does not parse") from None
    except OSError as error:
        raise BadProfileFile(f"cannot read {path}: {error.strerror}") from error


def store(name: str, profile: Profile) -> Path:
    """Add or replace a profile and make it the current one."""
    known = load()
    return _write(ProfileFile(current=name, profiles={**known.profiles, name: profile}))


def forget(name: str) -> None:
    """Drop a profile's token; its address stays."""
    known = load()
    if name in known.profiles:
        kept = known.profiles[name].model_copy(update={"token": ""})
        _write(ProfileFile(current=known.current, profiles={**known.profiles, name: kept}))


def _write(content: ProfileFile) -> Path:
    """Replace the file in one step; mkstemp makes it 0600 from its first byte."""
    path = profile_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".config.")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content.model_dump(), out, indent=2, ensure_ascii=False)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        Path(part).replace(path)
    except OSError as error:
        raise BadProfileFile(f"cannot write {path}: {error.strerror}") from error
    return path
