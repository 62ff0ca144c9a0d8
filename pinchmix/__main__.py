"""``python -m pinchmix``: the command line."""

from pinchmix.cli import main

main()
