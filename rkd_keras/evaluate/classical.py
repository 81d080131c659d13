"""Classical texture classifiers: the pipelines of the paper's Figure 17."""

import functools

import cv2
import numpy as np

from rkd_keras.errors import InputError

FEATURES = ("gabor", "lbp", "hog")
CLASSIFIERS = ("svm", "knn")

# What cross-validation may choose from: of the features ...
FEATURE_OPTIONS = {
    "gabor": ({"cells": 1}, {"cells": 2}),
    "lbp": ({"cells": 1}, {"cells": 2}),
    "hog": ({"cell_pixels": 8}, {"cell_pixels": 16}),
}
# ... and of the classifiers.
CLASSIFIER_OPTIONS = {
    "svm": {"C": (1.0, 10.0, 100.0), "gamma_factor": (0.1, 1.0, 10.0)},
    "knn": {"n_neighbors": (1, 3, 5, 9), "weights": ("uniform", "distance")},
}
FOLDS = 5


class ClassicalClassifier:
    """Texture features and a shallow classifier, tuned by cross-validation.

    The features are standardised and given to a support vector machine (radial
    basis functions) or to the nearest neighbours. All choices, the features'
    cells among them, are made by stratified cross-validation on the images that
    `fit` is given; nothing else is looked at.

    Args:
        features: `"gabor"` (means and deviations of a bank of Gabor filters),
            `"lbp"` (histograms of uniform local binary patterns at three radii)
            or `"hog"` (histograms of oriented gradients).
        classifier: `"svm"` or `"knn"`.
        seed: integer that decides the folds. Defaults to `0`.

    Attributes:
        best_options: what cross-validation chose, a dict, after `fit`.
        validation_accuracy: its mean accuracy over the folds, after `fit`.

    Raises:
        InputError: for an unknown name.

    Reference:
        - Ojala et al., "Multiresolution Gray-Scale and Rotation Invariant Texture
          Classification with Local Binary Patterns", PAMI 2002.
        - Dalal and Triggs, "Histograms of Oriented Gradients for Human
          Detection", CVPR 2005.
        - Manjunath and Ma, "Texture Features for Browsing and Retrieval of Image
          Data", PAMI 1996.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> smooth = rng.integers(100, 110, (10, 32, 32, 3))
        >>> rough = rng.integers(0, 255, (10, 32, 32, 3))
        >>> images = np.concatenate([smooth, rough]).astype("uint8")
        >>> labels = np.repeat([0, 1], 10)
        >>> model = ClassicalClassifier("lbp", "knn").fit(images, labels)
        >>> model.predict_proba(images).shape
        (20, 2)
    """

    def __init__(self, features, classifier, seed=0):
        for name, value, known in (
            ("features", features, FEATURES),
            ("classifier", classifier, CLASSIFIERS),
        ):
            if value not in known:
                raise InputError(
                    f"{name} must be one of {', '.join(known)}, not {value!r}"
                )
        self.features = features
        self.classifier = classifier
        self.seed = seed
        self.best_options = None
        self.validation_accuracy = None

    def fit(self, images, labels):
        """Choose the options by cross-validation and train on all images.

        Args:
            images: array `(n, H, W, 3)`, uint8.
            labels: array `(n,)` of class indices, each of 0 to C - 1 at least
                twice.

        Returns:
            The classifier itself.

        Raises:
            InputError: when a class has fewer than two images.
        """
        from sklearn.model_selection import GridSearchCV, StratifiedKFold

        labels = np.asarray(labels)
        fewest = np.bincount(labels).min()
        if fewest < 2:
            raise InputError(
                "cross-validation needs at least 2 training images of each class; "
                f"one class has {fewest}"
            )
        folds = StratifiedKFold(
            min(FOLDS, int(fewest)), shuffle=True, random_state=self.seed
        )
        self.validation_accuracy = -1.0
        for options in FEATURE_OPTIONS[self.features]:
            columns = extract_features(images, self.features, **options)
            search = GridSearchCV(
                _pipeline(self.classifier),
                _grid(self.classifier, columns.shape[1]),
                cv=folds,
            ).fit(columns, labels)
            if search.best_score_ > self.validation_accuracy:
                self.validation_accuracy = float(search.best_score_)
                self._model = search.best_estimator_
                self._feature_options = options
                chosen = {
                    key.partition("__")[2]: value
                    for key, value in search.best_params_.items()
                }
                self.best_options = {**options, **chosen}
        return self

    def predict_proba(self, images):
        """Give each class a share.

        Args:
            images: array `(n, H, W, 3)`, uint8, of the size that was trained on.

        Returns:
            Array `(n, C)`: the neighbours' votes, or the softmax of the support
            vector machine's decision values (not calibrated).

        Raises:
            InputError: before `fit`.
        """
        if self.best_options is None:
            raise InputError("the classifier must be fitted before it can predict")
        columns = extract_features(images, self.features, **self._feature_options)
        if self.classifier == "knn":
            return self._model.predict_proba(columns)
        scores = self._model.decision_function(columns)
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)


def extract_features(images, features, **options):
    """Describe the texture of images by numbers.

    Args:
        images: array `(n, H, W, 3)`, uint8; colour is averaged away.
        features: one of `FEATURES`.
        **options: `cells` (`"gabor"`, `"lbp"`: the image is divided into
            `cells * cells` parts, each described by itself) or `cell_pixels`
            (`"hog"`: side of a cell in pixels).

    Returns:
        Array `(n, columns)`, float32.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((2, 64, 64, 3), "uint8")
        >>> extract_features(images, "lbp", cells=2).shape
        (2, 216)
    """
    describe = {"gabor": _gabor, "lbp": _lbp, "hog": _hog}[features]
    grey = [cv2.cvtColor(np.asarray(i, np.uint8), cv2.COLOR_RGB2GRAY) for i in images]
    return np.stack([describe(image, **options) for image in grey]).astype("float32")


def _cells(image, cells):
    for rows in np.array_split(image, cells, axis=0):
        yield from np.array_split(rows, cells, axis=1)


@functools.cache
def _gabor_bank():
    """Even and odd filters of 4 wavelengths (pixels) and 6 orientations."""
    bank = []
    for wavelength in (3.0, 5.0, 9.0, 16.0):
        sigma = 0.56 * wavelength
        side = 2 * int(np.ceil(2.5 * sigma)) + 1
        for orientation in np.arange(6) * np.pi / 6:
            pair = [
                cv2.getGaborKernel(
                    (side, side), sigma, orientation, wavelength, 1.0, phase
                )
                for phase in (0.0, np.pi / 2)
            ]
            # The even filter must not answer to brightness.
            pair[0] -= pair[0].mean()
            bank.append([kernel / np.abs(kernel).sum() for kernel in pair])
    return bank


def _gabor(image, cells):
    image = image.astype(np.float32)
    columns = []
    for even, odd in _gabor_bank():
        energy = np.hypot(
            cv2.filter2D(image, cv2.CV_32F, even, borderType=cv2.BORDER_REFLECT),
            cv2.filter2D(image, cv2.CV_32F, odd, borderType=cv2.BORDER_REFLECT),
        )
        for cell in _cells(energy, cells):
            columns += [cell.mean(), cell.std()]
    return np.array(columns)


def _lbp(image, cells):
    from skimage.feature import local_binary_pattern

    columns = []
    for points, radius in ((8, 1), (16, 2), (24, 3)):
        # "uniform" patterns: `points + 1` rotation-invariant codes and the rest.
        codes = local_binary_pattern(image, points, radius, "uniform")
        for cell in _cells(codes, cells):
            counts = np.bincount(cell.astype(int).ravel(), minlength=points + 2)
            columns += list(counts / cell.size)
    return np.array(columns)


def _hog(image, cell_pixels):
    from skimage.feature import hog

    cells = (cell_pixels, cell_pixels)
    return hog(image, orientations=9, pixels_per_cell=cells, cells_per_block=(2, 2))


def _pipeline(classifier):
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model = SVC(break_ties=True) if classifier == "svm" else KNeighborsClassifier()
    return Pipeline([("scale", StandardScaler()), ("classify", model)])


def _grid(classifier, columns):
    grid = dict(CLASSIFIER_OPTIONS[classifier])
    if classifier == "svm":
        # Standardised columns have variance 1: 1 / columns is the natural width.
        grid["gamma"] = [factor / columns for factor in grid.pop("gamma_factor")]
    return {f"classify__{name}": list(values) for name, values in grid.items()}
