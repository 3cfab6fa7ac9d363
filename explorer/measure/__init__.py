"""Measure: numbers from traces and runs, in numpy."""
