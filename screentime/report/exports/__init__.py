"""Appearances and totals in the formats of other programs: what others computed in, text or bytes out."""
