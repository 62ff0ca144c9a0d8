"""Shapes in which an export can hold its rows, one a file; ``messages`` is always among them."""
