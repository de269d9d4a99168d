"""What commands show that no API answer describes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class LocalView(BaseModel):
    """Base; made from the attributes of the node's own results."""

    model_config = ConfigDict(from_attributes=True)


class InitView(LocalView):
    """A new home. The password is stored nowhere else."""

    home: Path
    did: str
    url: str
    suite: str
    admin_user: str
    admin_password: str
    passphrase_file: Path | None


class NetworkView(LocalView):
    """A network that was made or joined."""

    chain: str
    name: str
    genesis_file: Path


class AttestationView(LocalView):
    """What a genuine quote says; ``policy_holds`` only when a policy was given and holds."""

    tee: str
    registers: dict[str, str]
    svn: int
    debug: bool
    report_data: str
    tcb_status: str
    advisories: list[str]
    policy_holds: bool


class SignerView(LocalView):
    """Somebody who signed a block; the name is the one in the genesis file, if it has one."""

    did: str
    name: str = ""
    power: int


class ArchiveReportView(LocalView):
    """An archive that holds; ``trust`` says what its newest block rests on."""

    network: str
    chain: str
    first: int
    last: int
    hash: str
    transactions: int
    digest: str
    trust: str


class RestoredView(LocalView):
    """A backup that was verified and put in place."""

    base: int
    height: int
    transactions: int
    state_keys: int


class ValidatorView(LocalView):
    """A node that takes part in ordering: public keys, hex, and where its engine is reached."""

    did: str
    name: str
    engine_public: str
    certificate_public: str
    power: int
    node_id: str
    address: str


class VerifiedView(LocalView):
    """A fact that holds by itself; which fields are set depends on ``kind``.

    ``signed_by`` says in a sentence who stands behind the block; ``signed_power`` of
    ``total_power`` signed it. ``changes_followed`` counts the changes of the set of validators
    from ``followed_from`` (0: the genesis) to the block. ``engine_power`` is what voted by the
    engine's Ed25519 keys, null when the proof does not carry those votes.
    """

    kind: str
    network: str
    chain: str
    height: int
    time_ms: int
    signed_by: str
    signed_power: int
    total_power: int
    changes_followed: int
    followed_from: int
    engine_power: int | None = None
    signers: list[SignerView]
    transaction: str = ""
    sender: str = ""
    contract: str = ""
    action: str = ""
    payload: dict[str, Any] = Field(default_factory=dict)
    ok: bool | None = None
    code: str = ""
    events: list[dict[str, Any]] = Field(default_factory=list)
    key: list[str | int] = Field(default_factory=list)
    absent: bool | None = None
    value: Any = None


class NewAlgorithmView(LocalView):
    """A package to begin with, and where it was written."""

    folder: str
    algorithm: str


class ComparisonView(LocalView):
    """An output both ways, first values only, and the largest difference over all of them."""

    output: str
    plain: list[float]
    mpc: list[float]
    largest_error: float
    relative_error: float


class TrialView(LocalView):
    """A package tried on this machine; ``bytes_sent`` is what one computing node sent."""

    algorithm: str
    fingerprint: str
    protocol: str
    rows: int
    seconds: float
    bytes_sent: int
    outputs: list[ComparisonView]
