"""A corpus of odd, damaged and hostile films, and a check of what screentime makes of each."""
