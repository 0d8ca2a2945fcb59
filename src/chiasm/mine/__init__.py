"""Mining: pairs of a benign picture and a benign query that may be dangerous together."""
