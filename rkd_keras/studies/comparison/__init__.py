"""Compare models, losses and splits under one budget."""
