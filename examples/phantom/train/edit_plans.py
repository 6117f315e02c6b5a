"""Makes the planned 3d_fullres configuration small: edit_plans.py PLANS.json

A patch of 32x64x64, six stages of 16 to 64 features, one convolution in the highest stage. The bottleneck is 64x1x2x2 = 256 features, so that a demo's
worth of scans has more than five patches a feature. Multiples of 16 features matter on a CPU: with 8 a training step took five times as long.
"""
import json
import sys

path = sys.argv[1]
plans = json.load(open(path))
configuration = plans["configurations"]["3d_fullres"]
configuration["patch_size"] = [32, 64, 64]
configuration["batch_size"] = 2
architecture = configuration["architecture"]["arch_kwargs"]
architecture["n_stages"] = 6
architecture["features_per_stage"] = [16, 32, 48, 64, 64, 64]
architecture["strides"] = [[1, 1, 1]] + [[2, 2, 2]] * 5
architecture["kernel_sizes"] = [[3, 3, 3]] * 6
architecture["n_conv_per_stage"] = [1, 2, 2, 2, 2, 2]
architecture["n_conv_per_stage_decoder"] = [2, 2, 2, 2, 1]
json.dump(plans, open(path, "w"), indent=2)
