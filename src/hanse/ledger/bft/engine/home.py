"""The engine's directory: what is written there, when, and what never is.

``config.toml`` is rendered anew at each start. ``genesis.json`` and the sign state are written
once. Key files exist only from just before the engine starts until it runs.
"""

from __future__ import annotations

import json
from pathlib import Path

from hanse.crypto.private_files import create_private, replace_private
from hanse.ledger.bft.engine.chain import Chain, genesis_file
from hanse.ledger.bft.engine.config import ABCI_SOCKET, RPC_SOCKET, config_file
from hanse.ledger.bft.engine.errors import SignStateMissing, WrongEngineHome
from hanse.ledger.bft.engine.keys import EngineKeys, node_key_file, validator_key_file
from hanse.ledger.bft.engine.settings import EngineSettings

_NOTHING_SIGNED = b'{\n  "height": "0",\n  "round": 0,\n  "step": 0\n}\n'


class EngineHome:
    """Paths and files of one engine.

    Args:
        path: the directory; made when missing, readable by this user only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.abci_socket = self.path / ABCI_SOCKET
        self.rpc_socket = self.path / RPC_SOCKET
        self.log = self.path / "engine.log"
        self.pid_file = self.path / "engine.pid"
        self.genesis = self.path / "config" / "genesis.json"
        self.config = self.path / "config" / "config.toml"
        self.validator_key = self.path / "config" / "priv_validator_key.json"
        self.node_key = self.path / "config" / "node_key.json"
        self.sign_state = self.path / "data" / "priv_validator_state.json"

    def prepare(self, settings: EngineSettings, chain: Chain) -> None:
        """Make the directory, or check that it belongs to this chain; render the configuration.

        Raises:
            WrongEngineHome: it was begun for another network.
            SignStateMissing: there are blocks but no record of votes signed.
        """
        for directory in (self.path, self.path / "config", self.path / "data"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_genesis(chain)
        self._write_sign_state()
        replace_private(self.config, config_file(settings, chain))

    def write_keys(self, keys: EngineKeys) -> None:
        """Write both key files, mode 0600."""
        replace_private(self.validator_key, validator_key_file(keys.validator))
        replace_private(self.node_key, node_key_file(keys.node))

    def remove_keys(self) -> None:
        """Remove both key files; the engine holds the keys in memory."""
        self.validator_key.unlink(missing_ok=True)
        self.node_key.unlink(missing_ok=True)

    def _write_genesis(self, chain: Chain) -> None:
        try:
            begun = json.loads(self.genesis.read_bytes())
        except FileNotFoundError:
            create_private(self.genesis, genesis_file(chain))
            return
        except ValueError as error:
            raise WrongEngineHome(f"{self.genesis} is damaged", debug=str(error)) from None
        if not isinstance(begun, dict) or begun.get("chain_id") != chain.chain_id:
            raise WrongEngineHome(f"{self.path} was begun for another network")

    def _write_sign_state(self) -> None:
        if self.sign_state.exists():
            return
        if (self.path / "data" / "blockstore.db").exists():
            raise SignStateMissing(f"{self.sign_state} is missing but blocks are there")
        create_private(self.sign_state, _NOTHING_SIGNED)
