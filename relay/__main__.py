"""``python -m relay`` is ``kyumei``."""

from relay.cli import main

if __name__ == "__main__":
    main()
