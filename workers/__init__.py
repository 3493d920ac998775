"""What runs: queue workers, the mirror, the simulated GitHub, the command line."""
