"""Published response files: read, checked, analysed, compared. No Django."""
