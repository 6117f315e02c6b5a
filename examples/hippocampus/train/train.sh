#!/usr/bin/env bash
# Trains the hippocampus network from the public scans: nnU-Net's planning and preprocessing, its
# own plan with half the features, training on 100 cases (no fold is held out: the other 100
# calibrate and test), prediction and evaluation of those by nnU-Net itself, export. Run in the
# environment of test/oracle/setup.sh:
#
#     PATH="$HOME/.cache/segcanary-oracle/bin:$PATH" \
#       examples/hippocampus/train/train.sh HIPPOCAMPUS_FOLDER WORK_FOLDER [cpu|cuda]
#
# Run again after an interruption, it goes on with the last finished epoch. The result is in
# examples/hippocampus/model.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mkdir -p "$2" && cd "$2" && pwd)
device=${3:-cpu}
export nnUNet_raw="$work/raw" nnUNet_preprocessed="$work/preprocessed" nnUNet_results="$work/results"
export nnUNet_extTrainer="$here/trainer" nnUNet_compile=f nnUNet_n_proc_DA=1
dataset=Dataset903_Hippocampus
trainer=nnUNetTrainerHippocampus
model="$nnUNet_results/$dataset/${trainer}__nnUNetPlans__3d_fullres"

if [ ! -e "$work/preprocessed.done" ]; then
  python "$here/prepare.py" "$1" "$nnUNet_raw/$dataset"
  nnUNetv2_extract_fingerprint -d 903 -np 2
  nnUNetv2_plan_experiment -d 903
  python "$here/edit_plans.py" "$nnUNet_preprocessed/$dataset/nnUNetPlans.json"
  nnUNetv2_preprocess -d 903 -c 3d_fullres -np 2
  touch "$work/preprocessed.done"
fi
if [ ! -e "$model/fold_all/checkpoint_final.pth" ]; then
  resume=$([ -e "$model/fold_all/checkpoint_latest.pth" ] && echo --c || true)
  nnUNetv2_train 903 3d_fullres all -device "$device" -tr $trainer $resume
fi
nnUNetv2_predict -i "$nnUNet_raw/$dataset/imagesTs" -o "$work/predicted" -d 903 -c 3d_fullres -f all -tr $trainer -device "$device" --disable_tta
nnUNetv2_evaluate_folder "$nnUNet_raw/$dataset/labelsTs" "$work/predicted" -djfile "$model/dataset.json" -pfile "$model/plans.json"
python "$root/scripts/export_nnunet.py" "$model" --folds all
mkdir -p "$root/examples/hippocampus/model"
cp "$model/plans.json" "$model/dataset.json" "$model/fold_all/model.onnx" "$root/examples/hippocampus/model/"
