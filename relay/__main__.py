"""``python -m relay`` is ``kyumei``."""

from relay.process import ending_at_once, load_without_looking


def main() -> None:
    """The whole of ``kyumei``."""
    load_without_looking()
    with ending_at_once():
        from relay.cli import main as command

        command()


if __name__ == "__main__":
    main()
