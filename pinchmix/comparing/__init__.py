"""Comparing: what mixtures and exports share, two by two or a whole sweep, as tables and pictures."""
