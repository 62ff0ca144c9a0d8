"""pinchmix."""
