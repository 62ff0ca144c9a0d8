"""Written: YAML and JSON as people write them, values with their lines and faults, and as pinchmix does."""
