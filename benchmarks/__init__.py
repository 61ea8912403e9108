"""Comparisons with named peers; every figure is a ratio measured in one run."""
