"""Lessons: sections of the course, each with a claim that is checked and a control that must not show it."""
