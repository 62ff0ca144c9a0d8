"""Where instruction data comes from: files and tables of every shape, made readable as one kind of table."""
