"""Exporting: what is written where, and a folder that appears complete or not at all."""
