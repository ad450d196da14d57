"""``python -m ecg.kernels``: compile the kernels into the cache, so that no relay has to at its start."""

from __future__ import annotations

import sys

from ecg.kernels.warming import warm


def main() -> int:
    """0 also where numba is absent: NumPy does the work then, and the sentence says so."""
    refused = warm()
    sys.stdout.write(f"kyumei: {refused}; NumPy stays.\n" if refused else "kyumei: kernels are compiled.\n")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
