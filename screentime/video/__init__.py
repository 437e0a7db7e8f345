"""Films in, sampled frames out."""
