"""Other systems' exports: read by name of column, nothing kept that isn't asked for by name."""
