"""Backup and restore of a whole site: database, files and secrets."""
