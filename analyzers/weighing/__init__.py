"""Weighing: from what grew to level, estimate, numbers in words, and cc."""
