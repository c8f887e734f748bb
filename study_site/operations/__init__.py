"""Running the site: health, metrics, request logs, notices, and pages while a part is away."""
