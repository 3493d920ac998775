"""Versions: of Go, etcd and other dependencies, and the files that name them."""
