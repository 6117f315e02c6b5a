"""Archives that test/formats/archives reads, made by zip, tar and Python's own zipfile and tarfile.

    python test/oracle/archives.py test/fixtures/archives

needs GNU tar and Info-ZIP's zip. Every archive holds the files of FILES, whose content is in
files.json by name, beside folders, links and hidden files, which are left out.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

LONG = "a-folder-with-a-long-name/" * 8 + "slice"
FILES = {
    "one": bytes(range(256)) * 5,
    "folder/two": b"",
    "folder/below/drei-\u00e4.dcm": b"\x00" * 3000,
    LONG: b"long " * 100,
}
SKIPPED = {".hidden": b"x", "__MACOSX/folder/._two": b"y"}


def tar(path: Path, form: int) -> None:
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in {**FILES, **SKIPPED}.items():
            if form == tarfile.USTAR_FORMAT and name == LONG:
                # The prefix of ustar: 155 and 100 bytes.
                name = LONG[-200:].lstrip("/")
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind, name in ((tarfile.DIRTYPE, "folder/empty"), (tarfile.SYMTYPE, "link"), (tarfile.FIFOTYPE, "pipe")):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(info)


def make_zip(path: Path, method: int, big: bool = False) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.mkdir("folder/empty")
        for name, content in {**FILES, **SKIPPED}.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=big) as member:
                member.write(content)
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tar(folder / "pax.tar", tarfile.PAX_FORMAT)
    tar(folder / "gnu.tar", tarfile.GNU_FORMAT)
    subprocess.run(["gzip", "-kn9", "-f", folder / "gnu.tar"], check=True)
    (folder / "gnu.tar.gz").rename(folder / "packed.tar.gz")
    make_zip(folder / "stored.zip", zipfile.ZIP_STORED)
    make_zip(folder / "deflated.zip", zipfile.ZIP_DEFLATED)
    make_zip(folder / "zip64.zip", zipfile.ZIP_DEFLATED, big=True)
    with zipfile.ZipFile(folder / "empty.zip", "w"):
        pass
    with zipfile.ZipFile(folder / "bzip2.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("one", FILES["one"])
    with zipfile.ZipFile(folder / "twice.zip", "w") as archive:
        archive.writestr("one", b"first")
        archive.writestr("../../up", b"up")
        archive.writestr("/absolute", b"absolute")
        archive.writestr("one", b"second")
    with tempfile.TemporaryDirectory() as place:
        for name, content in FILES.items():
            path = Path(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        env = {**os.environ, "TZ": "UTC"}
        run = lambda *command: subprocess.run(command, cwd=place, check=True, env=env, stdout=subprocess.DEVNULL)
        run("tar", "--format=v7", "-cf", folder.resolve() / "v7.tar", "one", "folder/two")
        run("tar", "--format=ustar", "-cf", folder.resolve() / "ustar.tar", "--sort=name", ".")
        run("zip", "-q", "-P", "secret", folder.resolve() / "encrypted.zip", "one")
        sparse = Path(place, "sparse")
        with sparse.open("wb") as file:
            file.seek(1 << 16)
            file.write(b"end")
        run("tar", "--format=gnu", "--sparse", "-cf", folder.resolve() / "sparse-gnu.tar", "sparse")
        run("tar", "--format=posix", "--sparse", "-cf", folder.resolve() / "sparse-pax.tar", "sparse")
    files = {name: {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in FILES.items()}
    (folder / "files.json").write_text(json.dumps(files, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
