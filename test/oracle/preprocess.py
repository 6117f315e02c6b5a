"""nnU-Net's own preprocessing of real scans, for test/preparation.slow.test.ts.

Run:  python test/oracle/preprocess.py            (all cases)
      python test/oracle/preprocess.py NAME…      (some)

Needs the environment of test/oracle/setup.sh and the scans of SEGCANARY_DATA (default ../shared/data from the checkout's root).
Writes test/fixtures/preprocess/NAME.json: the plan, the shape and box that nnunetv2's DefaultPreprocessor arrived at, and its values at seeded
positions. Never voxels enough to be a scan.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("nnUNet_raw", "/nonexistent")
os.environ.setdefault("nnUNet_preprocessed", "/nonexistent")
os.environ.setdefault("nnUNet_results", "/nonexistent")
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor  # noqa: E402
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager  # noqa: E402

root = Path(__file__).resolve().parents[2]
data = Path(os.environ.get("SEGCANARY_DATA", root / "../shared/data")).resolve()
out = root / "test/fixtures/preprocess"

CT = {"mean": -110.25, "std": 371.4, "percentile_00_5": -998.0, "percentile_99_5": 912.0, "min": -1024.0, "max": 3071.0, "median": -20.0}
SAMPLES = 400


def plan(spacing, schemes, *, mask=None, transpose=(0, 1, 2), reader="SimpleITKIO", order=3, order_z=0, force=None):
    """plans.json and dataset.json as nnU-Net 2.8 writes them, with what the preprocessor does not read left out."""
    kwargs = {"is_seg": False, "order": order, "order_z": order_z, "force_separate_z": force}
    return {
        "dataset_name": "Dataset900_Oracle",
        "plans_name": "nnUNetPlans",
        "transpose_forward": list(transpose),
        "transpose_backward": [list(transpose).index(i) for i in range(3)],
        "image_reader_writer": reader,
        "foreground_intensity_properties_per_channel": {str(c): CT for c in range(len(schemes))},
        "configurations": {
            "3d_fullres": {
                "preprocessor_name": "DefaultPreprocessor",
                "patch_size": [32, 64, 64],
                "spacing": list(spacing),
                "normalization_schemes": list(schemes),
                "use_mask_for_norm": list(mask or [False] * len(schemes)),
                "resampling_fn_data": "resample_data_or_seg_to_shape",
                "resampling_fn_data_kwargs": kwargs,
                "resampling_fn_seg": "no_resampling_hack",
                "resampling_fn_seg_kwargs": {},
                "architecture": {},
            }
        },
    }


ct, z, none, unit, rgb = ["CTNormalization"], ["ZScoreNormalization"], ["NoNormalization"], ["RescaleTo01Normalization"], ["RGBTo01Normalization"]
CASES = {
    # name: (files, plan)
    "ct_separate_z_by_scan": (["originals/STS_008_CT_image.nii.gz"], plan([2.5, 1.2, 1.3], ct)),
    "ct_separate_z_by_target": (["chest/lidc0314_2mm.nii.gz"], plan([6.5, 1.6, 1.6], ct)),
    "ct_separate_z_gantry_tilt": (["tricky/niivue/shear.nii.gz"], plan([3.0, 0.9, 0.9], ct, reader="NibabelIO")),
    "ct_cubic_down": (["chest/ricord1a_001012_2mm.nii.gz"], plan([3.1, 2.9, 3.0], ct)),
    "ct_cubic_up": (["originals/totalseg_example_ct_sm.nii.gz"], plan([1.7, 2.1, 1.9], ct)),
    "ct_cubic_same_z": (["sts2mm/STS_005_ct.nii.gz"], plan([3.27, 1.5, 1.5], ct)),
    "ct_cubic_z_only": (["sts2mm/STS_020_ct.nii.gz"], plan([2.0, 2.006, 1.995], ct)),
    "ct_same_spacing": (["originals/invesalius_cranium_ct_2mm.nii.gz"], plan([2.0, 2.008, 2.008], ct)),
    "ct_two_coarse_axes": (["sts2mm/STS_019_ct.nii.gz"], plan([6.5, 6.5, 1.6], ct)),
    "ct_forced_together": (["originals/STS_008_CT_image.nii.gz"], plan([2.5, 1.2, 1.3], ct, force=False)),
    "ct_forced_separate": (["sts2mm/STS_013_ct.nii.gz"], plan([2.0, 2.5, 2.5], ct, force=True)),
    "ct_linear": (["sts2mm/STS_009_ct.nii.gz"], plan([2.5, 1.5, 1.5], ct, order=1)),
    "ct_linear_z": (["originals/STS_008_CT_image.nii.gz"], plan([1.9, 1.2, 1.3], ct, order_z=1)),
    "ct_nearest": (["sts2mm/STS_007_ct.nii.gz"], plan([2.5, 1.5, 3.0], ct, order=0)),
    "ct_transposed": (["sts2mm/STS_027_ct.nii.gz"], plan([1.7, 3.0, 2.4], ct, transpose=(2, 0, 1))),
    "ct_separate_y": (["originals/STS_008_CT_image.nii.gz"], plan([1.3, 2.4, 1.2], ct, transpose=(1, 0, 2))),
    "ct_separate_x": (["originals/STS_008_CT_image.nii.gz"], plan([1.3, 1.2, 4.1], ct, transpose=(2, 1, 0))),
    "ct_ras": (["chest/lungdx_A0001_L_2mm.nii.gz"], plan([4.0, 2.5, 2.2], ct, reader="NibabelIOWithReorient")),
    "mr_zscore": (["originals/STS_008_MR_T1_image.nii.gz"], plan([3.0, 1.2, 1.2], z)),
    "mr_zscore_mask_crop": (["mri/MR_Gd.nii.gz"], plan([1.5, 1.4, 1.3], z, mask=[True])),
    "mr_zscore_crop": (["mri/CT_AVM.nii.gz"], plan([2.0, 1.6, 1.6], z, reader="NibabelIO")),
    "mr_zscore_mask_separate_y": (["sts_ood/STS_043_mrT1_2mm.nii.gz"], plan([1.5, 6.0, 1.5], z, mask=[True])),
    "mr_rescale": (["mri/mricron_ch2.nii.gz"], plan([2.0, 2.2, 1.9], unit)),
    "mr_rgb": (["mri/mricron_ch2.nii.gz"], plan([2.5, 2.5, 2.5], rgb)),
    "mr_ras_pil": (["tricky/niivue/PIL.nii.gz"], plan([2.0, 2.1, 2.2], z, mask=[True], reader="NibabelIOWithReorient")),
    "mr_ras_ira_transposed": (["tricky/niivue/IRA.nii.gz"], plan([2.1, 2.0, 2.9], z, reader="NibabelIOWithReorient", transpose=(1, 2, 0))),
    "mr_inferior_axes": (["mri/brainchop_t1_crop.nii.gz"], plan([1.8, 1.9, 1.7], z, mask=[True], reader="NibabelIOWithReorient")),
    "pet_none": (["sts_ood/STS_042_PET_image.nii.gz"], plan([3.0, 4.0, 4.0], none)),
    "two_channels": (["chest/lungdx_A0001_B_2mm.nii.gz", "chest/lungdx_A0001_L_2mm.nii.gz"], plan([4.0, 2.5, 2.5], ct + z)),
}


def run(name, files, plans):
    manager = PlansManager(json.loads(json.dumps(plans)))
    configuration = manager.get_configuration("3d_fullres")
    array, _, properties = DefaultPreprocessor(verbose=False).run_case(
        [str(data / f) for f in files], None, manager, configuration, {"channel_names": {}}
    )
    seed = int.from_bytes(name.encode(), "big") % 2**32
    positions = np.sort(np.random.default_rng(seed).choice(array.size, SAMPLES, replace=False))
    fixture = {
        "files": files,
        "plans": plans,
        "shape": [int(n) for n in array.shape],
        "shapeBeforeCropping": [int(n) for n in properties["shape_before_cropping"]],
        "box": [[int(a), int(b)] for a, b in properties["bbox_used_for_cropping"]],
        "min": float(array.min()),
        "max": float(array.max()),
        "mean": float(array.astype(np.float64).mean()),
        "positions": positions.tolist(),
        "values": [float(np.format_float_positional(v, unique=True)) for v in array.ravel()[positions].astype(np.float32)],
    }
    (out / f"{name}.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(name, fixture["shape"], fixture["box"], fixture["mean"])


if __name__ == "__main__":
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or CASES:
        run(name, *CASES[name])
