"""`screentime doctor`: a walk through the whole set-up, a finding a check."""
