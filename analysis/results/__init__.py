"""The researchers' results page: current tables, blinded until the lift."""
