"""Text: words for messages, tables, Markdown, and YAML and JSON as they are written and read."""
