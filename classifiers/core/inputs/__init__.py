"""How foreign files are read: photos' pixels and colours, archives, and texts."""
