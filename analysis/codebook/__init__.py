"""Every column of every exported file and table. Standard library only."""
