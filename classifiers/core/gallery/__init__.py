"""The gallery on disk and exact search in it."""
