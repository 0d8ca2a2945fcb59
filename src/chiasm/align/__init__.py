"""Alignment: training rows, mixtures, the gate that keeps test data out, and training with TRL."""
