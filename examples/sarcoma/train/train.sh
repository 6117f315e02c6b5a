#!/usr/bin/env bash
# Trains the sarcoma network from the public scans: nnU-Net's planning and preprocessing, the small
# plan of the phantom network, training on all 22 patients (no fold is held out: validation and test
# patients are other ones), export. Run in the environment of test/oracle/setup.sh:
#
#     PATH="$HOME/.cache/segcanary-oracle/bin:$PATH" \
#       examples/sarcoma/train/train.sh STS_FOLDER WORK_FOLDER [cpu|cuda]
#
# Run again after an interruption, it goes on with the last finished epoch. The result is in
# examples/sarcoma/model.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mkdir -p "$2" && cd "$2" && pwd)
device=${3:-cpu}
export nnUNet_raw="$work/raw" nnUNet_preprocessed="$work/preprocessed" nnUNet_results="$work/results"
export nnUNet_extTrainer="$here/trainer" nnUNet_compile=f nnUNet_n_proc_DA=1
dataset=Dataset902_Sarcoma
model="$nnUNet_results/$dataset/nnUNetTrainerSarcoma__nnUNetPlans__3d_fullres"

if [ ! -e "$work/preprocessed.done" ]; then
  python "$here/prepare.py" "$1" "$nnUNet_raw/$dataset"
  nnUNetv2_extract_fingerprint -d 902 -np 2
  nnUNetv2_plan_experiment -d 902
  python "$root/examples/phantom/train/edit_plans.py" "$nnUNet_preprocessed/$dataset/nnUNetPlans.json"
  nnUNetv2_preprocess -d 902 -c 3d_fullres -np 2
  touch "$work/preprocessed.done"
fi
resume=$([ -e "$model/fold_all/checkpoint_latest.pth" ] && echo --c || true)
nnUNetv2_train 902 3d_fullres all -device "$device" -tr nnUNetTrainerSarcoma $resume
python "$root/scripts/export_nnunet.py" "$model" --folds all
mkdir -p "$root/examples/sarcoma/model"
cp "$model/plans.json" "$model/dataset.json" "$model/fold_all/model.onnx" "$root/examples/sarcoma/model/"
