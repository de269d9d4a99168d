"""Rights: who holds which right on a dataset, grants and their counted uses."""
