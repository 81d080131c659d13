"""Read data sets as people have them: layouts, splits, decoding."""
