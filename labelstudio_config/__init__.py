"""Label Studio label configs; screentime.schema fills and reads them."""
