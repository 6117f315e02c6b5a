"""Dice of every test case, out of nnU-Net's own summary.json: collect_dice.py SUMMARY.json DICE.json

The demo shows these numbers beside its verdicts; it does not run the decoder.
"""
import json
import sys
from pathlib import Path

summary = json.load(open(sys.argv[1]))
cases = {}
for case in summary["metric_per_case"]:
    name = Path(case["prediction_file"]).name.removesuffix(".nii.gz")
    cases[name] = round(float(case["metrics"]["1"]["Dice"]), 4)
test = [dice for name, dice in cases.items() if name.startswith("test_")]
shifts = sorted({name.rsplit("_", 1)[0] for name in cases} - {"test"})
result = {
    "measuredBy": "nnUNetv2_predict --disable_tta and nnUNetv2_evaluate_folder, in examples/phantom/train/train.sh",
    "meanOfInDistributionTestCases": round(sum(test) / len(test), 4),
    "byShiftSlightToGross": {shift: [cases[n] for n in sorted(cases) if n.rsplit("_", 1)[0] == shift] for shift in shifts},
    "cases": dict(sorted(cases.items())),
}
json.dump(result, open(sys.argv[2], "w"), indent=2)
print(f"Dice over {len(test)} in-distribution test cases: {result['meanOfInDistributionTestCases']}")
