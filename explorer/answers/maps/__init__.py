"""The parts of a run's maps: their points, facts about each, and frames that follow one another."""
