"""Recipe text: recipes and families as YAML and JSON, what each key may hold and what it means."""
