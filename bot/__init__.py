"""GitHub: deliveries in, reviews out."""
