"""The researchers' monitor of a running study: progress, people, one person."""
