"""Model providers of our own: reference policies, and stored calls."""
