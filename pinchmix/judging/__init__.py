"""Judging: which checks a cell must pass, what they say of it, and what becomes of it."""
