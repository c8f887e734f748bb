"""The pictures of results: tables in, image bytes out. No Django, no pyplot."""
