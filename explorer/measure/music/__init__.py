"""Music: tunes in ABC notation as notes, and as a MIDI file."""
