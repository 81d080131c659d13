"""int8 files: made, explained and, where they decide otherwise, repaired."""
