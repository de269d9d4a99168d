"""Making homes and networks: what the command line calls before a node runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hanse.contracts.validators.types import GenesisValidator
from hanse.crypto.suite import get_suite
from hanse.ledger.genesis import Genesis, decode_genesis, encode_genesis, genesis_hash
from hanse.node.clock import now_ms
from hanse.node.database.engine import Database
from hanse.node.database.open import open_node_database
from hanse.node.errors import (
    AlienGenesis,
    BadApplication,
    BadSettings,
    HomeExists,
    NetworkExists,
    NoEngine,
    OneOrderer,
)
from hanse.node.genesis import build_genesis
from hanse.node.home import NodeHome
from hanse.node.lock import HomeLock
from hanse.node.membership.applicant import Wanted, write_wanted
from hanse.node.ordering_keys import create_ordering_keys, has_ordering_keys, ordering_keys
from hanse.node.secrets import Secrets, create_orderer_key, create_secrets, unlock
from hanse.node.services import node_service
from hanse.node.settings import Settings, load_settings
from hanse.node.settings_file import change_setting, render_settings
from hanse.node.users.accounts import Accounts
from hanse.node.users.passwords import Passwords, generate_password
from hanse.node.users.roles import parse_roles
from hanse.node.validator import describe_validator, read_validator

_URL = re.compile(r"https?://[^\s/?#]+[^\s?#]*\Z")


@dataclass(frozen=True)
class InitResult:
    """A new home. ``admin_password`` is not stored anywhere: show it once."""

    home: Path
    did: str
    url: str
    suite: str
    admin_user: str
    admin_password: str
    passphrase_file: Path | None


@dataclass(frozen=True)
class NetworkResult:
    """A new network, or the one a member is about to join."""

    chain: str
    name: str
    genesis_file: Path


def init_node(
    home: Path,
    *,
    name: str,
    suite: str = "sm",
    host: str = "127.0.0.1",
    port: int = 8440,
    public_url: str = "",
    passphrase: str | None = None,
    admin_user: str = "admin",
    admin_password: str | None = None,
    admin_roles: Sequence[str] = ("admin",),
    import_directories: Sequence[Path] = (),
) -> InitResult:
    """Make a home: settings, keys, DID and the first administrator.

    Everything is made beside and renamed, so a failure leaves no half a home.

    Args:
        home: directory that does not exist or is empty.
        name: the organisation's display name.
        suite: ``sm`` or ``intl``; must be the network's.
        host: address to listen on.
        port: port to listen on, 1 to 65535.
        public_url: where other nodes reach this one; ``http://host:port`` when empty.
        passphrase: of the keystore; None makes one and keeps it in the home (for trials).
        admin_user: first user.
        admin_password: None makes one.
        admin_roles: roles of the first user.
        import_directories: where tables may be imported from by path.

    Raises:
        HomeExists, BadSettings, BadUserName, WeakPassword, WeakPassphrase.
    """
    root = home.absolute()
    if root.is_dir() and any(root.iterdir()):
        raise HomeExists(f"{root} is not empty")
    if public_url and not _URL.match(public_url):
        raise BadSettings("public_url is no http(s) URL")
    text = render_settings(
        name=name,
        suite=suite,
        host=host,
        port=port,
        public_url=public_url.rstrip("/"),
        import_directories=[str(path.absolute()) for path in import_directories],
    )
    made = NodeHome(root.with_name(f".{root.name}.new"))
    shutil.rmtree(made.root, ignore_errors=True)
    password = admin_password or generate_password()
    try:
        made.create()
        made.settings_file.write_text(text, "utf-8")
        settings = load_settings(made.root)
        identity = create_secrets(made, get_suite(settings.suite), passphrase)
        with open_node_database(settings, made) as database:
            _add_admin(database, admin_user, password, admin_roles)
        if root.is_dir():
            root.rmdir()
        made.root.rename(root)
    except BaseException:
        shutil.rmtree(made.root, ignore_errors=True)
        raise
    kept = NodeHome(root).passphrase_file if passphrase is None else None
    url = public_url.rstrip("/") or f"http://{host}:{port}"
    return InitResult(root, identity.did, url, suite, admin_user, password, kept)


def create_network(
    home: Path,
    *,
    name: str,
    roles: Sequence[str] = ("operator", "regulator"),
    controller: str = "",
    points: int = 0,
    validators: Sequence[Path] = (),
) -> NetworkResult:
    """Make the genesis of a network whose preset operator is this home's node.

    With validators the network is Byzantine-fault-tolerant: blocks are ordered by their engines.
    The operator's own node is among them when it was prepared for that.

    Args:
        home: the operator's home, in no network yet.
        name: of the network.
        roles: of the operator's organisation.
        controller: who controls it, when not itself.
        points: points the operator's account starts with.
        validators: descriptions by `prepare_validator` of other organisations' nodes.

    Raises:
        NotAHome, HomeInUse, NetworkExists, NoPassphrase, BadValidator, NoEngine and those of the
            genesis.
    """
    place = NodeHome(home.absolute())
    place.require()
    with HomeLock(place.lock_file):
        _require_no_network(place)
        settings = load_settings(place.root)
        keys = unlock(place)
        voting = _validators(keys, settings, validators)
        genesis = build_genesis(
            identity=keys.identity,
            orderer_public=create_orderer_key(keys),
            network=name,
            organisation=settings.name,
            service=node_service(settings.url),
            roles=list(roles),
            controller=controller,
            points=points,
            created_ms=now_ms(),
            validators=voting,
        )
        _write_genesis(place, genesis)
        role = "participant" if voting else "sequencer"
        change_setting(place.root, "ledger", "role", role)
    return NetworkResult(genesis_hash(genesis), genesis.name, place.genesis_file)


def prepare_validator(
    home: Path, *, host: str, port: int, public_address: str = "", metrics_port: int = 0
) -> GenesisValidator:
    """Let a node take part in ordering: make its engine's keys and settings.

    It may be repeated: keys that exist stay. A home that has followed a network so far runs an
    engine of its own from its next start on.

    Args:
        home: the node's home.
        host: address the engine listens on.
        port: port the engine listens on, 1 to 65535.
        public_address: ``host:port`` other engines connect to, when it is not the above.
        metrics_port: loopback port of the engine's own metrics, 0 for none.

    Returns:
        What others need to know of it.

    Raises:
        NotAHome, HomeInUse, NoPassphrase, OneOrderer.
    """
    place = NodeHome(home.absolute())
    place.require()
    with HomeLock(place.lock_file):
        takes_part = _may_take_part(place)
        keys = unlock(place)
        engine = create_ordering_keys(keys.keystore)
        if takes_part:
            change_setting(place.root, "ledger", "role", "participant")
        change_setting(place.root, "engine", "host", host)
        change_setting(place.root, "engine", "port", port)
        change_setting(place.root, "engine", "public_address", public_address)
        change_setting(place.root, "engine", "metrics_port", metrics_port)
        settings = load_settings(place.root)
        return describe_validator(
            keys.identity.did, engine, name=settings.name, address=settings.engine.address
        )


def join_network(
    home: Path,
    *,
    genesis_file: Path,
    operator_url: str,
    roles: Sequence[str],
    controller: str = "",
    details: str = "",
) -> NetworkResult:
    """Point a home at a network; the node applies for membership when it starts.

    Args:
        home: the member's home, in no network yet.
        genesis_file: as handed out by the operator; trust in the network starts with it.
        operator_url: where the operator's node is reached.
        roles: roles to ask for.
        controller: who controls the organisation, when not itself.
        details: free text for the operator.

    Raises:
        NotAHome, HomeInUse, NetworkExists, BadGenesis, AlienGenesis, BadSettings.
    """
    place = NodeHome(home.absolute())
    place.require()
    if not _URL.match(operator_url):
        raise BadSettings("the operator's address is no http(s) URL")
    if not roles:
        raise BadApplication("ask for at least one role")
    with HomeLock(place.lock_file):
        _require_no_network(place)
        settings = load_settings(place.root)
        genesis = _read_genesis(genesis_file)
        if genesis.suite != settings.suite:
            raise AlienGenesis(
                f"the network uses suite {genesis.suite}, this node {settings.suite}"
            )
        write_wanted(place, Wanted(settings.name, list(roles), controller, details))
        _write_genesis(place, genesis)
        change_setting(place.root, "ledger", "operator_url", operator_url.rstrip("/"))
        takes_part = genesis.engine == "cometbft" and has_ordering_keys(unlock(place).keystore)
        role = "participant" if takes_part else "follower"
        change_setting(place.root, "ledger", "role", role)
    return NetworkResult(genesis_hash(genesis), genesis.name, place.genesis_file)


def _may_take_part(home: NodeHome) -> bool:
    """Whether the home is in a network whose members order it; False while it is in none."""
    if not home.genesis_file.exists():
        return False
    if _read_genesis(home.genesis_file).engine != "cometbft":
        raise OneOrderer()
    return True


def _validators(
    keys: Secrets, settings: Settings, described: Sequence[Path]
) -> list[GenesisValidator]:
    found = [read_validator(path) for path in described]
    if found and not has_ordering_keys(keys.keystore):
        raise NoEngine("the operator's own node takes part in ordering too")
    if has_ordering_keys(keys.keystore):
        own = describe_validator(
            keys.identity.did,
            ordering_keys(keys.keystore),
            name=settings.name,
            address=settings.engine.address,
        )
        found = [item for item in found if item.did != own.did] + [own]
    return sorted(found, key=lambda item: item.did)


def _add_admin(database: Database, user: str, password: str, roles: Sequence[str]) -> None:
    Accounts(database, Passwords()).add(user, password, parse_roles(roles))


def _require_no_network(home: NodeHome) -> None:
    if home.genesis_file.exists():
        raise NetworkExists(f"{home.root} belongs to a network already")


def _read_genesis(path: Path) -> Genesis:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadSettings(f"cannot read {path}: {error.strerror}") from error
    return decode_genesis(data)


def _write_genesis(home: NodeHome, genesis: Genesis) -> None:
    temporary = home.genesis_file.with_suffix(".tmp")
    temporary.write_bytes(encode_genesis(genesis) + b"\n")
    temporary.replace(home.genesis_file)
