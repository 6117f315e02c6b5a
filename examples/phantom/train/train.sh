#!/usr/bin/env bash
# Trains the demo's network from nothing: phantoms, nnU-Net's planning and preprocessing, a smaller
# plan, training, prediction and evaluation by nnU-Net itself, export. Run in the environment of
# test/oracle/setup.sh, after `npm ci && npm run build`:
#
#     PATH="$HOME/.cache/segcanary-oracle/bin:$PATH" \
#       examples/phantom/train/train.sh WORK_FOLDER [cpu|cuda]
#
# About an hour on two CPU cores: 41 minutes of training, 13 of nnU-Net's own validation, 5 of
# prediction. The result is in examples/phantom/model.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mkdir -p "$1" && cd "$1" && pwd)
device=${2:-cpu}
export nnUNet_raw="$work/raw" nnUNet_preprocessed="$work/preprocessed" nnUNet_results="$work/results"
export nnUNet_extTrainer="$here/trainer" nnUNet_compile=f nnUNet_n_proc_DA=2
dataset=Dataset901_Phantom
model="$nnUNet_results/$dataset/nnUNetTrainerPhantom__nnUNetPlans__3d_fullres"

(cd "$root" && npx tsx examples/phantom/main.ts "$nnUNet_raw/$dataset" 72)
nnUNetv2_extract_fingerprint -d 901 -np 2
nnUNetv2_plan_experiment -d 901
python "$here/edit_plans.py" "$nnUNet_preprocessed/$dataset/nnUNetPlans.json"
nnUNetv2_preprocess -d 901 -c 3d_fullres -np 2
nnUNetv2_train 901 3d_fullres 0 -device "$device" -tr nnUNetTrainerPhantom
nnUNetv2_predict -i "$nnUNet_raw/$dataset/imagesTs" -o "$work/predicted" -d 901 -c 3d_fullres -f 0 -tr nnUNetTrainerPhantom -device "$device" --disable_tta
nnUNetv2_evaluate_folder "$nnUNet_raw/$dataset/labelsTs" "$work/predicted" -djfile "$model/dataset.json" -pfile "$model/plans.json"
python "$root/scripts/export_nnunet.py" "$model" --folds 0
cp "$model/plans.json" "$model/dataset.json" "$model/fold_0/model.onnx" "$root/examples/phantom/model/"
python "$here/collect_dice.py" "$work/predicted/summary.json" "$root/examples/phantom/model/dice.json"
