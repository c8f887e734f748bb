"""The figures of results: tables in, image bytes out. No Django, no pyplot."""
