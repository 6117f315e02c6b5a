"""pydicom's reading of tiny images in every transfer syntax that is read, and of the real files: float32 values after slope and intercept.

Run:  python test/oracle/dicom_pixels.py        (needs pydicom >= 3 with pylibjpeg and its plugins, numpy, dcmtk's dcmcjpeg, dcmcjpls and dcmconv, and Node with this
repository's packages, whose encoder writes HTJ2K; real files are found through SEGCANARY_DATA, default ../shared/data)
Writes test/fixtures/dicom/pixels/*.dcm and test/fixtures/dicom/pixels.json (where the pixels lie, how they are stored, the SHA-256 of the float32 values of every
frame, and for lossy syntaxes the stored values themselves: decoders round differently), and the same of the real files to test/fixtures/dicom/pixels-real.json.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.pixels import apply_rescale
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2K,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    ParametricMapStorage,
    RLELossless,
    UID,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SEGCANARY_DATA", ROOT / "../shared/data"))
OUT = ROOT / "test/fixtures/dicom"
FILES = OUT / "pixels"
ROWS, COLUMNS = 40, 61
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"}


def picture(bits, signed, seed=1, frames=1):
    """Smooth, with noise and both extremes: what CTs are to a codec. [frames, rows, columns]."""
    rng = np.random.default_rng(seed)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    y, x = np.mgrid[:ROWS, :COLUMNS]
    planes = []
    for frame in range(frames):
        wave = 0.5 + 0.35 * np.sin(x / 7 + frame) * np.cos(y / 5)
        plane = np.clip(low + wave * (high - low) + rng.normal(0, (high - low) / 200, (ROWS, COLUMNS)), low, high)
        plane[0, 0], plane[-1, -1] = low, high
        planes.append(plane)
    return np.stack(planes).round()


def dataset(values, bits, allocated, signed, syntax=ExplicitVRLittleEndian, **attributes):
    """An object with nothing but what its pixels need, and nobody's name."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = CTImageStorage if len(values) == 1 else EnhancedMRImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID("1.2.826.0.1.3680043.10.1.1")
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.10.1.2", "1.2.826.0.1.3680043.10.1.3"
    ds.Modality, ds.PatientName, ds.PatientID = "CT", "", ""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [1, 1], 1
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, bits - 1, int(signed)
    ds.RescaleSlope, ds.RescaleIntercept = "1", "-1024"
    if len(values) > 1:
        ds.NumberOfFrames = len(values)
    for name, value in attributes.items():
        setattr(ds, name, value)
    kind = {8: "i1", 16: "i2", 32: "i4"}[allocated] if signed else {8: "u1", 16: "u2", 32: "u4"}[allocated]
    ds.PixelData = values.astype(f"<{kind}").tobytes()
    if len(ds.PixelData) % 2:
        ds.PixelData += b"\0"
    ds["PixelData"].VR = "OB" if allocated == 8 else "OW"
    return ds


def save(name, ds):
    pydicom.dcmwrite(FILES / name, ds, enforce_file_format=True)


def tool(name, *arguments):
    subprocess.run([name, *map(str, arguments)], check=True, capture_output=True)


def htj2k(ds, lossy, rpcl):
    """A codestream by this repository's own encoder; what is in it is decided by pydicom's decoder."""
    script = (
        "const {NativeCodecs,Context,constants}=require('dcmjs-codecs');const o=JSON.parse(process.argv[1]);"
        "NativeCodecs.initializeAsync().then(()=>{const c=new Context({...o.c,decodedBuffer:require('fs').readFileSync(0)});"
        "const p=constants.Jpeg2000ProgressionOrder;"
        "process.stdout.write(NativeCodecs.encodeHtJpeg2000(c,{lossy:o.lossy,progressionOrder:o.rpcl?p.Rpcl:p.Lrcp}).getEncodedBuffer())})"
    )
    context = {
        "width": ds.Columns, "height": ds.Rows, "bitsAllocated": ds.BitsAllocated, "bitsStored": ds.BitsStored, "samplesPerPixel": 1,
        "pixelRepresentation": ds.PixelRepresentation, "planarConfiguration": 0, "photometricInterpretation": "MONOCHROME2",
    }  # fmt: skip
    options = json.dumps({"c": context, "lossy": lossy, "rpcl": rpcl})
    return subprocess.run(["node", "-e", script, options], input=ds.PixelData, check=True, capture_output=True, cwd=ROOT).stdout


def encapsulated(ds, syntax, frames, **how):
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(frames, **how)
    ds["PixelData"].is_undefined_length = True
    ds["PixelData"].VR = "OB"
    return ds


def codestreams(values, bits, allocated, signed, syntax):
    ds = dataset(values, bits, allocated, signed)
    ds.compress(syntax, **({"j2k_cr": [4]} if syntax == JPEG2000 else {"jls_error": 2} if syntax == JPEGLSNearLossless else {}))
    return list(generate_frames(ds.PixelData, number_of_frames=len(values)))


def make():
    FILES.mkdir(parents=True, exist_ok=True)
    for old in FILES.glob("*.dcm"):
        old.unlink()
    kinds = {"u8": (8, 8, False), "u12": (12, 16, False), "s12": (12, 16, True), "u16": (16, 16, False), "s16": (16, 16, True)}
    for kind, (bits, allocated, signed) in kinds.items():
        plain = dataset(picture(bits, signed), bits, allocated, signed)
        save(f"explicit-{kind}.dcm", plain)
        source = FILES / f"explicit-{kind}.dcm"
        for option, name in [("+ti", "implicit"), ("+tb", "big"), ("+td", "deflated")]:
            tool("dcmconv", option, source, FILES / f"{name}-{kind}.dcm")
        tool("dcmcrle", source, FILES / f"rle-{kind}.dcm")
        tool("dcmcjpeg", "+el", source, FILES / f"jpeg57-{kind}.dcm")
        tool("dcmcjpeg", "+e1", source, FILES / f"jpeg70-{kind}.dcm")
        tool("dcmcjpls", "+el", source, FILES / f"jpegls80-{kind}.dcm")
        if not signed:
            tool("dcmcjpls", "+en", "+md", "2", source, FILES / f"jpegls81-{kind}.dcm")
        for syntax, name in [(JPEG2000Lossless, "j2k90"), (JPEG2000, "j2k91")]:
            stream = codestreams(picture(bits, signed), bits, allocated, signed, syntax)
            save(f"{name}-{kind}.dcm", encapsulated(dataset(picture(bits, signed), bits, allocated, signed), syntax, stream))
        for syntax, name in [(HTJ2KLossless, "htj2k201"), (HTJ2KLosslessRPCL, "htj2k202"), (HTJ2K, "htj2k203")]:
            stream = htj2k(plain, syntax == HTJ2K, syntax == HTJ2KLosslessRPCL)
            save(f"{name}-{kind}.dcm", encapsulated(dataset(picture(bits, signed), bits, allocated, signed), syntax, [stream]))
    tool("dcmcjpeg", "+eb", FILES / "explicit-u8.dcm", FILES / "jpeg50-u8.dcm")
    tool("dcmcjpeg", "+ee", FILES / "explicit-u12.dcm", FILES / "jpeg51-u12.dcm")
    tool("dcmcjpeg", "+ee", FILES / "explicit-u8.dcm", FILES / "jpeg51-u8.dcm")
    save("explicit-u32.dcm", dataset(picture(31, False), 32, 32, False))
    save("explicit-s32.dcm", dataset(picture(24, True), 32, 32, True, RescaleSlope="0.001"))
    tool("dcmconv", "+tb", FILES / "explicit-s32.dcm", FILES / "big-s32.dcm")
    save("slope.dcm", dataset(picture(12, False), 12, 16, False, RescaleSlope="0.73260073", RescaleIntercept="-3.14159"))
    without = dataset(picture(12, False), 12, 16, False)
    del without.RescaleSlope, without.RescaleIntercept
    save("no-rescale.dcm", without)
    # Bits beyond those stored hold something else: four overlays, as old files have them.
    overlay = picture(12, True).astype(np.int64) & 0xFFF | (np.random.default_rng(2).integers(0, 16, (1, ROWS, COLUMNS)) << 12)
    save("overlay.dcm", dataset(overlay, 12, 16, False, PixelRepresentation=1))
    save("monochrome1.dcm", dataset(picture(12, False), 12, 16, False, PhotometricInterpretation="MONOCHROME1"))
    for type_, name, vr in [("f4", "FloatPixelData", "OF"), ("f8", "DoubleFloatPixelData", "OD")]:
        ds = dataset(picture(12, True), 12, 16, True)
        del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.RescaleSlope, ds.RescaleIntercept
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = ParametricMapStorage
        ds.BitsAllocated = 8 * int(type_[1])
        ds.add_new(name, vr, (picture(12, True) / 7).astype(f"<{type_}").tobytes())
        save(f"{name}.dcm", ds)
        big = FILES / f"{name}-big.dcm"
        tool("dcmconv", "+tb", FILES / f"{name}.dcm", big)
    several = picture(12, False, 3, frames=3)
    odd = picture(8, False, 4, frames=3)[:, :23, :37]
    save("frames-explicit.dcm", dataset(several, 12, 16, False))
    save("frames-odd.dcm", dataset(odd, 8, 8, False))
    tool("dcmconv", "+td", FILES / "frames-explicit.dcm", FILES / "frames-deflated.dcm")
    words = dataset(odd, 8, 8, False, ExplicitVRBigEndian)
    words["PixelData"].VR = "OW"
    words.PixelData = np.frombuffer(words.PixelData, "u1").reshape(-1, 2)[:, ::-1].tobytes()
    save("frames-odd-words-big.dcm", words)
    tool("dcmcrle", FILES / "frames-explicit.dcm", FILES / "frames-rle.dcm")
    tool("dcmcjpls", FILES / "frames-explicit.dcm", FILES / "frames-jpegls.dcm")
    streams = codestreams(several, 12, 16, False, JPEG2000Lossless)
    make_frames = lambda: dataset(several, 12, 16, False)  # noqa: E731
    save("frames-table.dcm", encapsulated(make_frames(), JPEG2000Lossless, streams, fragments_per_frame=3))
    save("frames-no-table.dcm", encapsulated(make_frames(), JPEG2000Lossless, streams, fragments_per_frame=1, has_bot=False))
    save("frames-marked.dcm", encapsulated(make_frames(), JPEG2000Lossless, streams, fragments_per_frame=3, has_bot=False))
    save("fragments.dcm", encapsulated(dataset(several[:1], 12, 16, False), JPEG2000Lossless, streams[:1], fragments_per_frame=4))
    extended = make_frames()
    extended.file_meta.TransferSyntaxUID = JPEG2000Lossless
    extended.PixelData, extended.ExtendedOffsetTable, extended.ExtendedOffsetTableLengths = encapsulate_extended(streams)
    extended["PixelData"].is_undefined_length, extended["PixelData"].VR = True, "OB"
    save("frames-extended.dcm", extended)
    # The codestream is unsigned and the header says signed: so some toolkits write it.
    unsigned = codestreams(picture(12, True).astype(np.int64) & 0xFFF, 12, 16, False, JPEG2000Lossless)
    save("j2k-sign.dcm", encapsulated(dataset(picture(12, True), 12, 16, True), JPEG2000Lossless, unsigned))


def tell(file, ds):
    """First byte of the value of the pixels, and its length; of a deflated file, once it is inflated."""
    keyword = next(k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in ds)
    element = ds.get_item(keyword)
    at = element.value_tell
    if ds.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        file.seek(0)
        pydicom.filereader.read_preamble(file, False)
        pydicom.filereader._read_file_meta_info(file)
        at += file.tell()
    length = None if element.length == 0xFFFFFFFF else element.length
    return keyword, at, length


def describe(content):
    file = BytesIO(content)
    ds = pydicom.dcmread(file, force=False)
    keyword, at, length = tell(file, ds)
    stored = ds.pixel_array
    frames = int(ds.get("NumberOfFrames", 1) or 1)
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    values = np.asarray(apply_rescale(stored, ds), dtype=np.float64).reshape(frames, ds.Rows, ds.Columns)
    # -0 and 0 are one value.
    values = (values + 0.0).astype("<f4")
    result = {
        "pixels": {
            "transferSyntax": str(ds.file_meta.TransferSyntaxUID),
            "rows": ds.Rows,
            "columns": ds.Columns,
            "samplesPerPixel": ds.get("SamplesPerPixel", 1),
            "photometric": ds.PhotometricInterpretation,
            "type": {"PixelData": "integer", "FloatPixelData": "float", "DoubleFloatPixelData": "double"}[keyword],
            "bitsAllocated": ds.BitsAllocated,
            "bitsStored": ds.get("BitsStored", ds.BitsAllocated),
            "highBit": ds.get("HighBit", ds.BitsAllocated - 1),
            "isSigned": bool(ds.get("PixelRepresentation", 0)),
            "frames": frames,
            "valueOffset": at,
            "valueLength": length,
        },
        "slope": slope,
        "intercept": intercept,
        "sha256": [hashlib.sha256(plane.tobytes()).hexdigest() for plane in values],
    }
    if str(ds.file_meta.TransferSyntaxUID) in LOSSY:
        # Slope 1 and intercept -1024 leave whole numbers.
        result["values"] = base64.b64encode((values + 1024).astype("<u2" if stored.dtype.kind == "u" else "<i2").tobytes()).decode()
    return result


def real():
    """Every image below dicom/ that pydicom reads, archives included."""
    folder = DATA / "dicom"
    found = {}

    def add(name, content):
        if content[128:132] != b"DICM":
            return
        try:
            ds = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
            if "Rows" not in ds or ds.get("SamplesPerPixel", 1) != 1 or ds.BitsAllocated == 1:
                return
            found[name] = {k: v for k, v in describe(content).items() if k != "values"}
        except Exception as error:  # noqa: BLE001
            print(f"{name}: {error}", file=sys.stderr)

    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix == ".tgz":
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile():
                        add(f"{name}/{member.name}", archive.extractfile(member).read())
        else:
            add(name, path.read_bytes())
    return found


if __name__ == "__main__":
    make()
    fixtures = {path.name: describe(path.read_bytes()) for path in sorted(FILES.glob("*.dcm"))}
    (OUT / "pixels.json").write_text(json.dumps(fixtures, indent=1) + "\n")
    (OUT / "pixels-real.json").write_text(json.dumps(real()) + "\n")
