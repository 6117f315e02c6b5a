#!/usr/bin/env bash
# Installs nnU-Net v1 as it stood when it was left, into a virtual environment of its own: it wants
# an older numpy than v2. torch first, see setup.sh. batchgenerators 0.24 is of v1's time; 0.25
# breaks ties differently when it resizes a mask.
set -euo pipefail
venv="${SEGCANARY_ORACLE_V1_VENV:-$HOME/.cache/segcanary-oracle-v1}"
python3 -m venv "$venv"
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
printf 'torch==2.13.0\nnumpy<2\nscipy<1.15\nbatchgenerators==0.24\n' > "$constraints"
"$venv/bin/pip" install -q -c "$constraints" torch==2.13.0 'numpy<2'
"$venv/bin/pip" install -q -c "$constraints" nnunet==1.7.1 onnx onnxscript onnxruntime
echo "oracle environment: $venv"
