"""Makes the planned 3d_fullres configuration small: edit_plans.py PLANS.json

nnU-Net's own patch of 40x56x40 and its four stages, with 16 to 128 features instead of 32 to 256,
and four crops a step instead of nine: 5.6 MB of weights, trained in an hour on two CPU cores.
"""
import json
import sys

path = sys.argv[1]
plans = json.load(open(path))
configuration = plans["configurations"]["3d_fullres"]
assert configuration["patch_size"] == [40, 56, 40], configuration["patch_size"]
configuration["batch_size"] = 4
configuration["architecture"]["arch_kwargs"]["features_per_stage"] = [16, 32, 64, 128]
json.dump(plans, open(path, "w"), indent=2)
