"""Rate whole archives, unit by unit, to Parquet."""
