"""What scikit-learn, scipy, statsmodels and torch-uncertainty make of seeded scores, for test/support/metrics.ts.

Run:  python test/oracle/metrics.py

Needs the environment of test/oracle/setup.sh. Writes test/fixtures/metrics.json.

AUROC, average precision and FPR at 95 % TPR are scikit-learn's, with ties. torch-uncertainty integrates the risk from coverage 1/n on and divides by 1 - 1/n;
fd-shifts, whose definition we follow, goes on to coverage 0 with the first risk (AURC) or down to 0 (AUGRC). With the n risks in order of confidence
    AURC = (1 - 1/n) AURC_tu + r_1 / n          AUGRC = (1 - 1/n) AUGRC_tu + r_1 / (2 n^2).
It takes equal scores in any order, so its scans have no ties.
"""
import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import binomtest, pearsonr, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from statsmodels.stats.proportion import confint_proportions_2indep

ROOT = Path(__file__).resolve().parents[2]


def torch_uncertainty():
    """The one module; the package itself wants lightning."""
    package = Path(importlib.util.find_spec("torch_uncertainty").origin).parent
    spec = importlib.util.spec_from_file_location("risk_coverage", package / "metrics" / "classification" / "risk_coverage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TU = torch_uncertainty()


def area(metric_class, score, risk):
    metric = metric_class()
    metric.scores.append(torch.from_numpy(-score))
    metric.errors.append(torch.from_numpy(risk))
    cov = torch.arange(1, len(score) + 1, dtype=torch.float64) / len(score)
    rates = metric.partial_compute()
    # metric.compute() itself, in float64: its coverages are float32.
    values = rates if metric_class is TU.AURC else rates * cov
    return float(TU._auc_compute(cov, values) / (1 - 1 / len(score)))


def failure(score, risk):
    n = len(score)
    first = float(risk[np.argmin(score)])
    return {"aurc": (1 - 1 / n) * area(TU.AURC, score, risk) + first / n,
            "augrc": (1 - 1 / n) * area(TU.AUGRC, score, risk) + first / (2 * n * n)}


def fpr_at_95(idx, ood):
    """Positive = in-distribution, found by low scores."""
    fpr, tpr, _ = roc_curve(np.r_[np.ones(len(idx)), np.zeros(len(ood))], -np.r_[idx, ood], drop_intermediate=False)
    return float(fpr[np.argmax(tpr >= 0.95)])


def intervals(rejected, n_id, accepted, n_ood):
    """Wilson's of the FPR; Newcombe's of (p1 + p2) / 2 = (p1 - (1 - p2) + 1) / 2."""
    wilson = binomtest(accepted, n_ood).proportion_ci(0.95, "wilson")
    low, high = confint_proportions_2indep(rejected, n_id, n_ood - accepted, n_ood, method="newcomb", compare="diff", alpha=0.05)
    return {"counts": [rejected, n_id, accepted, n_ood], "fpr": [wilson.low, wilson.high], "detectionError": [(low + 1) / 2, (high + 1) / 2]}


def main():
    cases = []
    for seed, (n_id, n_ood, digits) in enumerate([(35, 120, 6), (20, 40, 1), (60, 7, 0), (1, 1, 3), (19, 19, 2)]):
        rng = np.random.default_rng(seed)
        idx = np.round(rng.normal(0, 1, n_id), digits)
        ood = np.round(rng.normal(1, 2, n_ood), digits)
        label = np.r_[np.zeros(n_id), np.ones(n_ood)]
        score = np.r_[idx, ood]
        free = np.unique(rng.normal(0, 1, n_id + n_ood))
        rng.shuffle(free)
        risk = np.clip(0.3 + 0.2 * free + rng.normal(0, 0.2, len(free)), 0, 1)
        optimal = failure(np.argsort(np.argsort(risk, kind="stable")).astype(float), risk)
        cases.append({
            "id": idx.tolist(), "ood": ood.tolist(), "auroc": float(roc_auc_score(label, score)),
            "auprOod": float(average_precision_score(label, score)), "auprId": float(average_precision_score(1 - label, -score)),
            "fprAt95": fpr_at_95(idx, ood), "score": free.tolist(), "risk": risk.tolist(), **failure(free, risk), "optimal": optimal,
            "pearson": float(pearsonr(free, risk).statistic),
            "spearman": float(spearmanr(np.round(free, 1), np.round(risk, 1)).statistic), "roundedTo": 1,
        })
    path = ROOT / "test" / "fixtures" / "metrics.json"
    proportions = [intervals(*c) for c in [(4, 35, 6, 120), (0, 35, 0, 120), (35, 35, 120, 120), (0, 1, 1, 1), (3, 60, 0, 7), (17, 20, 11, 13)]]
    path.write_text(json.dumps({"cases": cases, "proportions": proportions}) + "\n")
    print(path)


if __name__ == "__main__":
    main()
