"""Pages made of rows: what stands under `docs/results/` becomes tables and figures.

`python docs/make_results.py` (`make results`) writes them, `--check` compares.
"""
