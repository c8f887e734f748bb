"""The demo site and the pictures of the documentation."""
