"""The interface in other languages: its words are collected here, kept in a catalogue, and translated for a viewer."""
