"""A whole node that lies to its engine: ``python lying_node.py LIE ARGUMENTS_OF_HANSE``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mischief import turn

from hanse.cli.main import main

if __name__ == "__main__":
    turn(sys.argv.pop(1))
    sys.exit(main())
