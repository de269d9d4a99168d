"""Becomes the engine, and dies with the node: run as a script, with nothing of Hanse imported.

Arguments: process id of the node, program, its arguments.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Have the kernel end this process when its parent ends, then run the program in it."""
    parent, program = int(sys.argv[1]), sys.argv[2]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the node ended while the engine started")
    os.execv(program, sys.argv[2:])  # noqa: S606 — found and checked by the node


if __name__ == "__main__":
    main()
