"""Read, split, load, augment and stream images.

Reading, splitting and loading need no TensorFlow; what needs it is imported at
its first use.
"""

from importlib import import_module

from rkd_keras.data.packing.records import pack_images, unpack_images
from rkd_keras.data.reading.boxes import mask_of_boxes
from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.data.reading.loading import load_images, load_samples
from rkd_keras.data.reading.open_dataset import open_dataset
from rkd_keras.data.reading.splits import PROTOCOLS, Split, find_duplicates, make_split
from rkd_keras.data.samples.blending import blend_defect, blend_samples
from rkd_keras.data.samples.contact_sheet import contact_sheet
from rkd_keras.data.samples.noise import add_noise

# Names whose modules import TensorFlow.
_WITH_TENSORFLOW = {
    "Augmentation": "samples.augmentation",
    "TrainingPipeline": "pipeline",
    "balanced_order": "samples.balanced_sampling",
    "cutmix": "samples.mixing",
    "evaluation_dataset": "pipeline",
    "fusion_batch": "samples.fusion",
    "make_samples": "samples.oversampling",
    "match_domains": "domains",
    "mixup": "samples.mixing",
    "mosaic_batch": "samples.mosaic",
    "open_domain": "domains",
    "oversample": "samples.oversampling",
    "unpaired_dataset": "domains",
}

__all__ = [
    "Augmentation",
    "ImageIndex",
    "PROTOCOLS",
    "Split",
    "TrainingPipeline",
    "add_noise",
    "balanced_order",
    "blend_defect",
    "blend_samples",
    "contact_sheet",
    "cutmix",
    "evaluation_dataset",
    "find_duplicates",
    "fusion_batch",
    "load_images",
    "load_samples",
    "make_samples",
    "make_split",
    "mask_of_boxes",
    "match_domains",
    "mixup",
    "mosaic_batch",
    "open_dataset",
    "open_domain",
    "oversample",
    "pack_images",
    "unpack_images",
    "unpaired_dataset",
]


def __getattr__(name):
    if name in _WITH_TENSORFLOW:
        module = import_module(f"{__name__}.{_WITH_TENSORFLOW[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
