"""One small file per area of the API."""
