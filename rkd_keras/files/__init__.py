"""Files as they are read and written: images, packs, records, replacing.

Nothing here needs Keras or TensorFlow, and nothing is imported before it is asked
for: a computer beside the line has no package that reads packs.
"""
