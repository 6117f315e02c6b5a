#!/usr/bin/env bash
# Installs the reference tools that the fixtures are made with, into a virtual environment outside
# the checkout. torch first and pinned: the CPU build. Without the constraint, pip would replace it
# by a build with gigabytes of CUDA.
set -euo pipefail
venv="${SEGCANARY_ORACLE_VENV:-$HOME/.cache/segcanary-oracle}"
python3 -m venv "$venv"
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
echo 'torch==2.13.0' > "$constraints"
"$venv/bin/pip" install -q torch==2.13.0
"$venv/bin/pip" install -q -c "$constraints" nnunetv2==2.8.1 scikit-learn==1.9.1 scipy scikit-image nibabel safetensors onnx onnxruntime onnxscript statsmodels MAPIE==1.6.0 crepes==0.9.1
"$venv/bin/pip" install -q -c "$constraints" torchio==1.2.1
# The modules of torch-uncertainty that metrics.py reads need torchmetrics and no more.
"$venv/bin/pip" install -q --no-deps torch-uncertainty==0.13.0 torchmetrics lightning-utilities
# What plan_file.py takes of deepbet: its own preparation of a scan.
"$venv/bin/pip" install -q --no-deps deepbet==1.0.2 connected-components-3d==4.1.1 fastremap==1.21.0
echo "oracle environment: $venv"
