"""Samplers: in which order instructions are served. To add one, add a file."""
