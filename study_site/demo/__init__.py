"""The demo site and the screenshots of the documentation."""
