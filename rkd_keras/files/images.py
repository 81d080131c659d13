"""Read and resize images: the one rule that training and the line share.

A leaf module (numpy and OpenCV only): every room may import it, it imports
only leaves. A student that is trained on images resized by one rule and
fed by another on the line loses accuracy silently, so there is one rule.

Images in a pack (see `rkd_keras.files.packs`) are listed and read here as if they were
files, so that whatever takes files takes packs.
"""

from pathlib import Path

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files import results
from rkd_keras.files.packs import MANIFEST, enclosing_pack, find_packed, open_pack
from rkd_keras.files.replacing import replacing

IMAGE_SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".pgm")


def to_rgb_uint8(image):
    """Bring any decoded image to `(H, W, 3)` uint8 RGB.

    Grey images are repeated on three channels, an alpha channel is dropped,
    16-bit images are divided by 257 (65535 becomes 255).

    Args:
        image: array `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)` of uint8
            or uint16; colour in RGB(A) order.

    Returns:
        Array `(H, W, 3)`, uint8.

    Raises:
        InputError: for another shape or dtype, or an image without pixels.

    Example:
        >>> import numpy as np
        >>> to_rgb_uint8(np.full((4, 5), 65535, "uint16"))[0, 0].tolist()
        [255, 255, 255]
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3, 4) or image.size == 0:
        raise InputError(
            "An image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with at "
            f"least one pixel. Received: shape={image.shape}"
        )
    if image.dtype == np.uint16:
        image = np.round(image / 257.0).astype(np.uint8)
    elif image.dtype != np.uint8:
        raise InputError(
            f"An image must be uint8 or uint16. Received: dtype={image.dtype}"
        )
    if image.shape[-1] == 1:
        return np.repeat(image, 3, axis=-1)
    return np.ascontiguousarray(image[..., :3])


def decode_image(data, name="image"):
    """Decode an encoded image (PNG, JPEG, BMP, TIFF, ...) from bytes.

    Grey, colour, palette, alpha and 16-bit files all arrive alike.

    Args:
        data: the file's bytes.
        name: what to call the image in an error message.

    Returns:
        Array `(H, W, 3)`, uint8, RGB.

    Raises:
        InputError: when the bytes are no image that OpenCV can decode.
    """
    buffer = np.frombuffer(data, dtype=np.uint8)
    try:
        image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED) if buffer.size else None
    except cv2.error:
        image = None
    if image is None:
        raise InputError(f"{name} cannot be decoded as an image; replace the file")
    if image.ndim == 3 and image.shape[-1] >= 3:
        order = cv2.COLOR_BGRA2RGB if image.shape[-1] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(image, order)
    return to_rgb_uint8(image)


def read_image(path):
    """Read one image file as `(H, W, 3)` uint8 RGB.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Array `(H, W, 3)`, uint8, RGB.

    Raises:
        InputError: when the file is missing, unreadable or no image.
    """
    return decode_image(read_bytes(path), name=str(path))


def read_bytes(path):
    """Read the bytes of an image file.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Bytes.

    Raises:
        InputError: when the file is missing or unreadable, or its record in the
            pack is damaged.
    """
    path = Path(path)
    try:
        return path.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        packed = find_packed(path) if missing else None
        if packed is None:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        pack, image = packed
        return pack.read(image)


def encode_image(image, suffix=".png", quality=95):
    """Encode an image.

    Args:
        image: array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, uint8, RGB.
        suffix: decides the format, such as `".png"`. Defaults to `".png"`.
        quality: of a JPEG, 1 to 100. Defaults to `95`.

    Returns:
        Bytes.

    Raises:
        InputError: for a format that OpenCV does not write, or an image that is none.

    Example:
        >>> import numpy as np
        >>> decode_image(encode_image(np.full((2, 3), 7, "uint8"))).shape
        (2, 3, 3)
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 3:
        image = np.ascontiguousarray(image[..., ::-1])
    options = []
    if suffix.lower() in (".jpg", ".jpeg"):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    try:
        encoded, data = cv2.imencode(suffix, image, options)
    except cv2.error as error:
        raise InputError(
            f"an image of shape {image.shape} and dtype {image.dtype} cannot be "
            f"written as {suffix or 'a file without suffix'}"
        ) from error
    if not encoded:
        raise InputError(f"an image of shape {image.shape} cannot be encoded")
    return data.tobytes()


def write_image(path, image, is_result=False, quality=95):
    """Write an image: whole, or not at all.

    Args:
        path: file to write; its suffix decides the format, its folder must exist.
        image: array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, uint8, RGB.
        is_result: whether it shows results, so that it is never read as an input
            (see `rkd_keras.files.results`); a PNG. Defaults to `False`.
        quality: of a JPEG, 1 to 100. Defaults to `95`.

    Raises:
        InputError: when it cannot be encoded or written; the message names the file.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "grey.png"
        >>> write_image(file, np.full((2, 3), 7, "uint8"))
        >>> read_image(file)[0, 0].tolist()
        [7, 7, 7]
    """
    path = Path(path)
    try:
        data = encode_image(image, path.suffix, quality)
    except InputError as error:
        raise InputError(f"{path} cannot be written: {error}") from error
    with replacing(path) as temporary:
        temporary.write_bytes(results.marked(data) if is_result else data)


def resize_image(image, size):
    """Resize an image to `size` by the package's rule.

    The aspect ratio is not kept (NEU crops are square); shrinking averages
    areas, so that fine texture does not alias, enlarging is bilinear.

    Args:
        image: array `(H, W, 3)`, uint8.
        size: `(height, width)` in pixels.

    Returns:
        Array `(height, width, 3)`, uint8.

    Example:
        >>> import numpy as np
        >>> resize_image(np.zeros((200, 200, 3), "uint8"), (64, 64)).shape
        (64, 64, 3)
    """
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def list_images(paths):
    """List image files: files as given, folders searched below, globs opened.

    Packs count as folders: those given, those below a folder, and folders and
    globs within one. Pictures that show results of ours are passed over.

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
            for inner in path.rglob("*"):
                if inner.name == MANIFEST:
                    found.update(open_pack(inner.parent).paths())
                elif _is_image(inner):
                    found.add(inner)
        elif path.is_file():
            found.add(path)
        elif inside := enclosing_pack(path):
            pack, inner = inside
            found.update(pack.paths(inner))
        elif any(mark in str(path) for mark in "*?["):
            root = Path(path.anchor) if path.is_absolute() else Path(".")
            pattern = str(path.relative_to(root) if path.is_absolute() else path)
            found.update(p for p in root.glob(pattern) if _is_image(p))
        else:
            raise InputError(f"{path} does not exist; give an image, folder or glob")
    kept = {path for path in found if not results.is_result(path)}
    if not kept:
        shown = ", ".join(map(str, paths))
        why = "; the pictures there show results of rkd-keras" if found else ""
        raise InputError(f"no images were found in {shown}{why}")
    return sorted(kept)


def _is_image(path):
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
