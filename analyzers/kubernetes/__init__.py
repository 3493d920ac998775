"""What is known of Kubernetes: tables, each with its source, and small predicates over them."""
