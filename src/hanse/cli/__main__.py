"""``python -m hanse.cli``."""

import sys

from hanse.cli.main import main

sys.exit(main())
