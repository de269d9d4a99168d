"""Settings: one TOML file in the node's home, overridden by the environment.

A variable is named after the path of the setting: ``HANSE_HTTP__PORT=8500`` overrides
``port`` in ``[http]``. Secrets are never settings; see `hanse.node.secrets`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from hanse.node.errors import BadSettings, NotAHome

SETTINGS_FILE = "hanse.toml"


class Section(BaseModel):
    """A table of the settings file; unknown keys are refused, so a typo is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(Section):
    """How the node is reached."""

    host: str = "127.0.0.1"
    port: int = Field(default=8440, ge=0, le=65535)
    public_url: str = ""
    tls_certificate: str = ""
    tls_private_key: str = ""
    peer_ca: str = ""
    trusted_proxies: list[str] = Field(default_factory=list)
    max_body_bytes: int = Field(default=2_097_152, ge=1024)
    max_upload_bytes: int = Field(default=17_179_869_184, ge=1024)


class DatabaseSettings(Section):
    """SQLAlchemy URLs; empty means SQLite files in the home."""

    url: str = ""
    views_url: str = ""


class LedgerSettings(Section):
    """Where this node stands in the network."""

    role: Literal["none", "sequencer", "follower", "participant"] = "none"
    operator_url: str = ""
    poll_wait_ms: int = Field(default=10_000, ge=0, le=60_000)


class EngineSettings(Section):
    """The ordering engine of a node that takes part in a BFT network."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    public_address: str = ""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    binary: str = ""
    peers: list[str] = Field(default_factory=list)
    join_by: Literal["replay", "snapshot"] = "replay"
    join_from: list[str] = Field(default_factory=list)
    snapshot_interval: int = Field(default=1_000, ge=0)
    keep_blocks: int = Field(default=0, ge=0)

    @property
    def address(self) -> str:
        """``host:port`` that other nodes connect to."""
        return self.public_address or f"{self.host}:{self.port}"


class ComputeSettings(Section):
    """Task workers and the ports their links listen on."""

    host: str = "127.0.0.1"
    first_port: int = Field(default=0, ge=0, le=65535)
    last_port: int = Field(default=0, ge=0, le=65535)
    max_tasks: int = Field(default=4, ge=1, le=256)
    memory_mib: int = Field(default=0, ge=0, le=1 << 24)
    cores: int = Field(default=0, ge=0, le=4096)
    attestation_policies: str = ""
    attestation_collateral: str = ""
    software_workers: bool = False


class DataSettings(Section):
    """What the node may read for imports by path."""

    import_directories: list[str] = Field(default_factory=list)

    @property
    def directories(self) -> list[Path]:
        """The same as paths."""
        return [Path(text) for text in self.import_directories]


class SessionSettings(Section):
    """People's sessions and the lockout after failed logins."""

    ttl_seconds: int = Field(default=28_800, ge=60)
    idle_seconds: int = Field(default=3_600, ge=60)
    lockout_failures: int = Field(default=5, ge=1)
    lockout_seconds: int = Field(default=300, ge=1)
    password_minimum_length: int = Field(default=10, ge=8, le=128)


class LimitSettings(Section):
    """Calls per caller and window; a caller is a user, a peer or, unnamed, an address."""

    window_seconds: int = Field(default=60, ge=1)
    user_calls: int = Field(default=3_000, ge=1)
    peer_calls: int = Field(default=30_000, ge=1)
    public_calls: int = Field(default=300, ge=1)
    login_calls: int = Field(default=30, ge=1)
    application_calls: int = Field(default=30, ge=1)


class AuditSettings(Section):
    """How often the head of the audit log is anchored on the ledger."""

    anchor_seconds: int = Field(default=3_600, ge=1)


class LogSettings(Section):
    """Structured logs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"
    file: str = ""


class Settings(BaseSettings):
    """All settings of one node."""

    model_config = SettingsConfigDict(
        env_prefix="HANSE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
    )

    name: str = Field(min_length=1, max_length=200)
    suite: Literal["sm", "intl"] = "sm"
    http: HttpSettings = HttpSettings()
    database: DatabaseSettings = DatabaseSettings()
    ledger: LedgerSettings = LedgerSettings()
    engine: EngineSettings = EngineSettings()
    compute: ComputeSettings = ComputeSettings()
    data: DataSettings = DataSettings()
    sessions: SessionSettings = SessionSettings()
    limits: LimitSettings = LimitSettings()
    audit: AuditSettings = AuditSettings()
    log: LogSettings = LogSettings()

    @property
    def url(self) -> str:
        """Where other nodes reach this one."""
        scheme = "https" if self.http.tls_certificate else "http"
        return self.http.public_url or f"{scheme}://{self.http.host}:{self.http.port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what `load_settings` read from the file."""
        return env_settings, init_settings


def load_settings(home: Path) -> Settings:
    """Read ``hanse.toml`` of a home and the environment.

    Raises:
        NotAHome: when the file is not there.
        BadSettings: naming each wrong key; values are not repeated.
    """
    path = home / SETTINGS_FILE
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise NotAHome(f"no {SETTINGS_FILE} in {home}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{SETTINGS_FILE}: {error}") from error
    return settings_from(values)


def settings_from(values: dict[str, Any]) -> Settings:
    """Settings from plain values below the environment.

    Raises:
        BadSettings: naming each wrong key; values are not repeated.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise BadSettings(wrong) from error


__all__ = ["SETTINGS_FILE", "Settings", "load_settings", "settings_from"]
