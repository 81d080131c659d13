"""New samples of old ones: augmentation, mosaic, fusion, mixing, blending."""
