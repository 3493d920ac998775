"""Requests: what code asks of the API server, or of a cache of it."""
