"""The home of a node: one directory that holds everything it must not lose.

::

    hanse.toml          settings
    genesis.json        the network this node belongs to
    application.json    what the node asked the operator for when it joined
    secrets/            keystore (sealed), passphrase (trial only)
    ledger/             blocks and state
    snapshots/          of the state, for nodes that begin from them
    archives/           ranges of blocks, one file each
    backups/            copies of the ledger
    engine/             the ordering engine's own files, at nodes that take part in ordering
    vault/              encrypted tables and results
    work/               scratch of running tasks, encrypted, wiped
    checkpoints/        of steps under way, encrypted, erased when their step has ended
    lists/              of keys for unbalanced intersections, encrypted, may be deleted
    algorithms/         packages of members' algorithms, by fingerprint
    cache/              compiled programs, may be deleted
    import/             files to import by path
    node.sqlite         users, sessions, audit log (unless a database URL is set)
    views.sqlite        rebuildable from the ledger
    journal/            the collaboration engine's cursor and work journal
    node.lock           held by the running process
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hanse.node.errors import HomeExists, NotAHome
from hanse.node.settings import SETTINGS_FILE


@dataclass(frozen=True)
class NodeHome:
    """Paths inside one home."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.root / SETTINGS_FILE

    @property
    def genesis_file(self) -> Path:
        """Genesis of the network, once the node belongs to one."""
        return self.root / "genesis.json"

    @property
    def application_file(self) -> Path:
        """What a member asked for when it joined."""
        return self.root / "application.json"

    @property
    def secrets(self) -> Path:
        """Directory (0700) of keystore and passphrase."""
        return self.root / "secrets"

    @property
    def keystore_file(self) -> Path:
        """Sealed private keys."""
        return self.secrets / "keystore"

    @property
    def passphrase_file(self) -> Path:
        """The keystore's passphrase, 0600; for trials."""
        return self.secrets / "passphrase"

    @property
    def ledger(self) -> Path:
        """Blocks and state."""
        return self.root / "ledger"

    @property
    def snapshots(self) -> Path:
        """State snapshots."""
        return self.root / "snapshots"

    @property
    def archives(self) -> Path:
        """Archives of blocks."""
        return self.root / "archives"

    @property
    def backups(self) -> Path:
        """Copies of the ledger."""
        return self.root / "backups"

    @property
    def engine(self) -> Path:
        """The ordering engine's own files."""
        return self.root / "engine"

    @property
    def vault(self) -> Path:
        """Encrypted objects."""
        return self.root / "vault"

    @property
    def work(self) -> Path:
        """Scratch of running tasks."""
        return self.root / "work"

    @property
    def cache(self) -> Path:
        """Compiled programs of operators, kept between tasks; may be deleted."""
        return self.root / "cache"

    @property
    def lists(self) -> Path:
        """Lists of keys for unbalanced intersections."""
        return self.root / "lists"

    @property
    def checkpoints(self) -> Path:
        """What steps under way go on from after a crash."""
        return self.root / "checkpoints"

    @property
    def algorithms(self) -> Path:
        """Packages of members' algorithms, by fingerprint."""
        return self.root / "algorithms"

    @property
    def imports(self) -> Path:
        """Files that may be imported by path."""
        return self.root / "import"

    @property
    def journal(self) -> Path:
        """The collaboration engine's own files."""
        return self.root / "journal"

    @property
    def database_file(self) -> Path:
        """Users and audit log, when SQLite."""
        return self.root / "node.sqlite"

    @property
    def views_file(self) -> Path:
        """Projections, when SQLite."""
        return self.root / "views.sqlite"

    @property
    def lock_file(self) -> Path:
        """Held by the running process."""
        return self.root / "node.lock"

    def create(self) -> None:
        """Make the directories of a new home, readable by the owner only.

        Raises:
            HomeExists: when a node lives there already, or other files do.
        """
        if self.settings_file.exists() or self.keystore_file.exists():
            raise HomeExists(f"{self.root} holds a node already")
        if self.root.is_dir() and any(self.root.iterdir()):
            raise HomeExists(f"{self.root} is not empty")
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)
        for path in (
            self.secrets,
            self.ledger,
            self.vault,
            self.work,
            self.cache,
            self.imports,
            self.journal,
        ):
            path.mkdir(mode=0o700)

    def require(self) -> None:
        """Raise NotAHome unless a node lives here."""
        if not self.settings_file.is_file():
            raise NotAHome(f"{self.root} holds no node")
