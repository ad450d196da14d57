"""``python -m ambulance_client`` is ``kyumei-ambulance``."""

from ambulance_client.cli import main

if __name__ == "__main__":
    main()
