"""The tables of an analysis, from frames or CSV files. Pure pandas, no Django."""
