"""What `scripts/bench` measures, one module a family of rows; each has ``measure(lab, wanted)``."""
