"""Example plugins for pinchmix: a sampler, a validator, an allocator, a format and an exporter."""
