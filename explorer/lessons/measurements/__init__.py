"""Measurements: what a lesson's claim is about, one number of a training at a step."""

from explorer.lessons.measurements import curves, insides, repeated, texts, uses
from explorer.lessons.measurements.registry import MEASUREMENTS, Arguments, Trial

__all__ = ["MEASUREMENTS", "Arguments", "Trial", "curves", "insides", "repeated", "texts", "uses"]
