"""Allocators: how much of a mixture each language gets, from sizes. To add one, add a file."""
