"""How near migrated samples come to the line that they are made for."""


def measure_distances(settings, lines):
    """Measure FID and KID of every arm's samples to line B's real images.

    Equally many images of each, and half of the real ones as the rest's yardstick.

    Args:
        settings: an `EvaluationSettings` with a classifier.
        lines: the `Lines`.

    Returns:
        Dict from arm, and `"real line B"`, to `fid`, `kid` and `images`.
    """
    import numpy as np

    from rkd_keras.evaluate.embedding_distance import frechet_distance, kernel_distance
    from rkd_keras.studies.migrate.classifier import embedder

    embed = embedder(settings.classifier)
    rng = np.random.default_rng(0)
    halves = np.array_split(rng.permutation(len(lines.b_images)), 2)
    count = min(len(halves[1]), *(len(x) for x, _ in lines.made.values()))
    reference = embed(lines.b_images[halves[0][:count]])
    sets = {"real line B": lines.b_images[halves[1]]}
    sets.update({arm: images for arm, (images, _) in lines.made.items()})
    distances = {}
    for name, images in sets.items():
        chosen = rng.choice(len(images), count, replace=False)
        embedding = embed(images[np.sort(chosen)])
        distances[name] = {
            "fid": frechet_distance(reference, embedding),
            "kid": kernel_distance(reference, embedding),
            "images": int(count),
        }
    return distances
