"""Harnesses that make faults for real, and say what became of the work."""
