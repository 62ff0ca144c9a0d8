"""Validators: checks that a chosen cell must pass. To add one, add a file."""
