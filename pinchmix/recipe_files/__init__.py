"""Recipe files: recipes and families as YAML and JSON, written and read."""
