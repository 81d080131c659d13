"""Find the images among files, and tell what else may be meant as one."""

import logging
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files import results
from rkd_keras.files.names import printable
from rkd_keras.files.packs import enclosing_pack, is_pack, open_pack
from rkd_keras.files.walking import Unused, Walked, walk

LOGGER = logging.getLogger(__name__)
IMAGE_SUFFIXES = (
    *(".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
# Pictures of formats that are not read, and what may hold pictures.
OTHER_SUFFIXES = (
    *(".avif", ".heic", ".heif", ".jxl", ".svg", ".psd", ".ico", ".tga", ".exr"),
    *(".hdr", ".pfm", ".sr", ".ras", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw"),
    *(".eps", ".pdf", ".npy", ".npz", ".mat", ".dcm", ".j2k", ".j2c", ".jpx", ".pam"),
    *(".pcx", ".qoi", ".jls", ".jxr", ".fits", ".h5", ".hdf5", ".zip", ".tar", ".tgz"),
    *(".gz", ".bz2", ".xz", ".7z", ".rar", ".avi", ".mp4", ".mov", ".mkv", ".wmv"),
)
# What lies beside images and is not looked into.
_TEXTS = (
    *(".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".yaml", ".yml", ".xml", ".html"),
    *(".log", ".ini", ".toml", ".py", ".ipynb", ".doc", ".docx", ".xls", ".xlsx"),
)
# How files of formats that are read begin.
_BEGINNINGS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"),
    b"\0\0\0\x0cjP  ",
)


def why_not_read(path):
    """Tell why a file that may be a picture is not read for one.

    Args:
        path: a file whose suffix is none of `IMAGE_SUFFIXES`.

    Returns:
        The end of a sentence; `None` for what is no picture.

    Example:
        >>> why_not_read("strip.heic")
        '.heic is no format that is read; save it as PNG'
    """
    suffix = Path(path).suffix.lower()
    if suffix in OTHER_SUFFIXES:
        return f"{suffix} is no format that is read; save it as PNG"
    if suffix in _TEXTS:
        return None
    try:
        with open(path, "rb") as stream:
            head = stream.read(12)
    except OSError:
        return None
    is_webp = head[:4] == b"RIFF" and head[8:] == b"WEBP"
    if is_webp or head.startswith(_BEGINNINGS):
        return "it is an image without the suffix of its format; give it one"
    return None


def list_images(paths):
    """List image files: files as given, folders searched below, globs opened.

    Packs count as folders: those given, those below a folder, and folders and
    globs within one. Links to folders are followed. Hidden files and pictures that
    show results of ours are passed over. What else may hold pictures, and links that
    lead nowhere, are told in a warning.

    Args:
        paths: a path or a list of paths; a path may hold `*`, `?` or `**`.

    Returns:
        Sorted list of `Path`, each once.

    Raises:
        InputError: when a path does not exist or nothing was found.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    found = set()
    for path in map(Path, paths):
        if path.is_dir():
            walked = Walked(packs=[path]) if is_pack(path) else walk(path)
            found.update(f for f in walked.files if _has_image_suffix(f))
            warn_of_losses(path, walked)
            for pack in walked.packs:
                found.update(open_pack(pack).paths())
        elif path.is_file():
            found.add(path)
        elif inside := enclosing_pack(path):
            pack, inner = inside
            found.update(pack.paths(inner))
        elif any(mark in str(path) for mark in "*?["):
            root = Path(path.anchor) if path.is_absolute() else Path(".")
            pattern = str(path.relative_to(root) if path.is_absolute() else path)
            # A bracket is a bracket where one matches.
            matched = [*root.glob(pattern.replace("[", "[[]"))] or root.glob(pattern)
            found.update(p for p in matched if _is_image(p))
        else:
            raise InputError(f"{path} does not exist; give an image, folder or glob")
    kept = {path for path in found if not results.is_result(path)}
    if not kept:
        shown = ", ".join(map(str, paths))
        why = "; the pictures there show results of rkd-keras" if found else ""
        raise InputError(f"no images were found in {shown}{why}")
    return sorted(kept)


def warn_of_losses(folder, walked):
    """Warn of what a folder holds that may be meant and is not read.

    Args:
        folder: its path.
        walked: the `Walked` of it.
    """
    losses = [each for each in walked.unused if each.is_loss]
    for path in walked.files:
        if not _has_image_suffix(path) and (reason := why_not_read(path)):
            losses.append(Unused(path, reason, is_loss=True))
    if losses:
        LOGGER.warning(
            "what lies in %s is not all read: %s%s",
            printable(folder),
            printable(losses[0]),
            f", and {len(losses) - 1} more" if len(losses) > 1 else "",
        )


def _is_image(path):
    return _has_image_suffix(path) and path.is_file()


def _has_image_suffix(path):
    return path.suffix.lower() in IMAGE_SUFFIXES
