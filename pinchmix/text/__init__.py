"""Text: words for messages, tables, bars and Markdown, from plain values."""
