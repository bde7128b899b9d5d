"""The folders of the functions' world: their code, their layers, boto3, and a place to write."""

from __future__ import annotations

import importlib.util
import io
import shutil
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


class Folders:
    """A temporary folder with everything in it; made when it is first needed."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._lock = threading.RLock()

    @property
    def root(self) -> Path:
        """Return the folder of all."""
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="awslab-lambda-"))
            return self._root

    def runtime(self) -> Path:
        """Return a folder with boto3 and what it needs, and nothing else of this Python."""
        folder = self.root / "runtime"
        with self._lock:
            if not folder.exists():
                folder.mkdir()
                for name in BOTO3:
                    source = _source(name)
                    (folder / source.name).symlink_to(source)
        return folder

    def unpacked(self, kind: str, digest: str, data: bytes) -> Path:
        """Return the folder with the content of an archive; the same content is unpacked once."""
        folder = self.root / kind / digest.replace("/", "_")
        with self._lock:
            if not folder.exists():
                fresh = folder.with_suffix(".new")
                _unpack(data, fresh)
                fresh.rename(folder)
        return folder

    def scratch(self) -> Path:
        """Return a new folder for one environment to write in."""
        parent = self.root / "tmp"
        parent.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent))

    def clear(self) -> None:
        """Take everything away."""
        with self._lock:
            if self._root is not None:
                shutil.rmtree(self._root, ignore_errors=True)
            self._root = None


def _source(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise RuntimeError(f"{name} is missing from this Python; install the locked dependencies: make install")
    origin = Path(found.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _unpack(data: bytes, folder: Path) -> None:
    """Unpack an archive with the rights its files have in it."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            if not entry.is_dir():
                path.chmod((entry.external_attr >> 16 & 0o777) | 0o400)


def python_paths(layer: Path) -> list[str]:
    """Return where Python looks for modules in a layer."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [str(layer / "python"), str(layer / "python" / "lib" / version / "site-packages")]
