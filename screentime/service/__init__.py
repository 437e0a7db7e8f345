"""One process beside Label Studio that keeps the loops of several projects going."""
