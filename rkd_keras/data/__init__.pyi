from .dataset import Dataset, SplitDataset
from .domains import match_domains, open_domain, unpaired_dataset
from .packing.packing import Unpacked, pack_images, unpack_images
from .pipeline import TrainingPipeline
from .reading.boxes import mask_of_boxes
from .reading.check import DataCheck, check
from .reading.groups import Groups, find_groups
from .reading.identity import find_duplicates
from .reading.image_index import ImageIndex
from .reading.loading import load_images, load_samples, open_images
from .reading.open_dataset import open_dataset
from .reading.overlaps import Overlap, Overlaps, find_overlaps
from .reading.protocols import PROTOCOLS
from .reading.recorded_split import RecordedMatch, match_recorded
from .reading.splits import Split, make_split
from .sample_folder import WrittenSamples
from .samples.augmentation import Augmentation
from .samples.balanced_sampling import balanced_order
from .samples.blending import blend_defect, blend_samples
from .samples.contact_sheet import contact_sheet
from .samples.fusion import fusion_batch
from .samples.mixing import cutmix, mixup
from .samples.mosaic import mosaic_batch
from .samples.noise import add_noise
from .samples.oversampling import make_samples, oversample
from .samples.write_samples import write_fusions, write_mosaics
from .streamed_images import StreamedImages
from .streams import evaluation_dataset

__all__ = [
    "Augmentation",
    "DataCheck",
    "Dataset",
    "Groups",
    "ImageIndex",
    "Overlap",
    "Overlaps",
    "PROTOCOLS",
    "RecordedMatch",
    "Split",
    "SplitDataset",
    "StreamedImages",
    "TrainingPipeline",
    "Unpacked",
    "WrittenSamples",
    "add_noise",
    "balanced_order",
    "blend_defect",
    "blend_samples",
    "check",
    "contact_sheet",
    "cutmix",
    "evaluation_dataset",
    "find_duplicates",
    "find_groups",
    "find_overlaps",
    "fusion_batch",
    "load_images",
    "load_samples",
    "make_samples",
    "make_split",
    "mask_of_boxes",
    "match_domains",
    "match_recorded",
    "mixup",
    "mosaic_batch",
    "open_dataset",
    "open_domain",
    "open_images",
    "oversample",
    "pack_images",
    "unpack_images",
    "unpaired_dataset",
    "write_fusions",
    "write_mosaics",
]
