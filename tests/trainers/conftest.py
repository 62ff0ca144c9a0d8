"""Keeps pytest, which looks for doctests in every file, from importing what runs in other environments."""

collect_ignore_glob = ["*.py"]
