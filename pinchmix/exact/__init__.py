"""Integers in, integers out: the arithmetic that must be exact. Imports nothing of ours."""
