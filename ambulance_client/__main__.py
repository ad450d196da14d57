"""``python -m ambulance_client`` is ``kyumei-ambulance``."""

from relay.process import ending_at_once, load_without_looking


def main() -> None:
    """The whole of ``kyumei-ambulance``."""
    load_without_looking()
    with ending_at_once():
        from ambulance_client.cli import main as command

        command()


if __name__ == "__main__":
    main()
