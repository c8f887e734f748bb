"""The researchers' results page: the tables of this moment, blinded until the lift."""
