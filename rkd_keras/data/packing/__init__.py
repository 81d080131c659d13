"""Many images in few files: packs are written and undone here."""
