"""Entry of the worker process: ``python -m hanse.compute.worker``, request on standard input."""

from hanse.compute.worker.main import main

if __name__ == "__main__":
    main()
