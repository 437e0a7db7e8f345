"""docker-compose.yml run as plain processes, as nearly as that goes without Docker."""
