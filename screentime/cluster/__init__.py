"""Films spread over many machines by Ray: what one machine does, many times at once, with the same numbers."""
