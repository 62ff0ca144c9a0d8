"""Example plugins for pinchmix: a sampler, a validator and an allocator."""
