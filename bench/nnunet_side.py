"""The half of bench/nnunet.ts that needs Python: `model`, `forward`, `predict`, `compare`. Prints one JSON object.

Run by bench/nnunet.ts with the environment that test/oracle/setup.sh makes.
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
    os.environ.setdefault(name, tempfile.gettempdir())

ROOT = Path(__file__).resolve().parents[1]


def model(folder, scan, classes):
    """A small network of nnU-Net's, trained on bands of intensity of one scan, exported."""
    sys.path.insert(0, str(ROOT / "test" / "oracle"))
    import numpy as np
    import segment

    bands = [-500.0] if classes == 2 else list(np.linspace(-950, 0, classes - 1))
    k = segment.kind([scan], [2.5, 1.75, 1.75], [32, 96, 96], segment.ISO, bands=bands, iterations=60)
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(segment.plans_of(k)))
    (folder / "dataset.json").write_text(json.dumps(segment.dataset_of(k)))
    segment.train(k, folder)
    subprocess.run([sys.executable, str(ROOT / "scripts" / "export_nnunet.py"), str(folder)], check=True, stdout=sys.stderr)
    return {}


def forward(folder):
    """Peak of a process that does nothing but one forward pass of one patch in PyTorch."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import torch
    from export_nnunet import load_network

    network, channels, patch, _ = load_network(folder, 0, "checkpoint_final.pth")
    with torch.inference_mode():
        network(torch.zeros(1, channels, *patch))
    return {"peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def within_this_machine():
    """A child that asks for more memory than there is gets a MemoryError, instead of the kernel picking what to kill."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    resource.setrlimit(resource.RLIMIT_DATA, (total - 2**30, total - 2**30))


def predict(folder, source, out):
    """nnUNetv2_predict on the CPU, all in one process (-npp 0 -nps 0), which is its way that takes the least memory."""
    started = time.time()
    command = [str(Path(sys.executable).parent / "nnUNetv2_predict"), "-i", str(source), "-o", str(out), "-d", folder.parent.name, "-c", "3d_fullres",
               "-f", "0", "-device", "cpu", "--disable_tta", "--disable_progress_bar", "-npp", "0", "-nps", "0"]
    results = {**os.environ, "nnUNet_results": str(folder.parent.parent)}
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=results,
                         preexec_fn=within_this_machine)
    return {"seconds": time.time() - started, "peakMb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, "code": ran.returncode,
            "last": ran.stderr.strip().splitlines()[-1:] if ran.returncode else []}


def compare(a, b):
    import nibabel as nib
    import numpy as np

    x, y = np.asarray(nib.load(a).dataobj), np.asarray(nib.load(b).dataobj)
    labels = [int(v) for v in np.unique(x)]
    dice = {v: float(2 * ((x == v) & (y == v)).sum() / ((x == v).sum() + (y == v).sum())) for v in labels}
    return {"equal": float((x == y).mean()), "labels": len(labels), "leastDice": min(dice.values())}


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    paths = [Path(a) for a in arguments]
    if verb == "model":
        result = model(paths[0], arguments[1].removesuffix(".nii.gz"), int(arguments[2]))
    else:
        result = {"forward": forward, "predict": predict, "compare": compare}[verb](*paths)
    print(json.dumps(result))
