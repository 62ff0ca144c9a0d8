"""Settings by which trainers find the rows of an export; one trainer a file."""
