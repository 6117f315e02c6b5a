"""What scikit-learn, scipy and numpy make of seeded estimates of a Dice, for test/evaluate/quality-statistics.test.ts.

Run:  python test/oracle/quality_statistics.py

Needs the environment of test/oracle/setup.sh. Writes test/fixtures/quality-statistics.json.

AURC and AUGRC integrate by trapezoids from coverage 0 on (fd-shifts' convention, see metrics.py); without ties here. The ESCE is the paper's eq. 3 with ten
right-closed bins, by numpy.digitize.
"""
import json
from pathlib import Path

import numpy as np
from scipy.stats import binom, binomtest
from sklearn.metrics import mean_absolute_error

ROOT = Path(__file__).resolve().parents[2]


def areas(estimate, risk):
    order = np.argsort(-estimate, kind="stable")
    sums = np.cumsum(risk[order])
    n = len(risk)
    coverage = np.r_[0, np.arange(1, n + 1) / n]
    selective = sums / np.arange(1, n + 1)
    return {"aurc": float(np.trapezoid(np.r_[selective[0], selective], coverage)),
            "augrc": float(np.trapezoid(np.r_[0, sums / n], coverage))}


def esce(confidence, dice):
    bins = np.digitize(confidence, np.arange(1, 10) / 10, right=True)
    return float(sum(abs(dice[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)))


def main():
    cases = []
    for seed, n in enumerate([1, 12, 50, 200]):
        rng = np.random.default_rng(seed)
        dice = rng.beta(5, 2, n)
        estimate = 1 / (1 + np.exp(-np.log(dice / (1 - dice)) + rng.normal(0, 0.5, n)))
        uncertainty = rng.uniform(0, 1, n)
        bound = estimate - 0.08
        covered = int((dice >= bound).sum())
        interval = binomtest(covered, n).proportion_ci(0.95, "exact")
        cases.append({
            "dice": dice.tolist(), "estimate": estimate.tolist(), "atLeast": bound.tolist(), "uncertainty": uncertainty.tolist(),
            "meanAbsoluteError": float(mean_absolute_error(dice, estimate)), "bias": float(np.mean(estimate - dice)), "covered": covered,
            "interval": [interval.low, interval.high], **areas(estimate, 1 - dice), "esce": esce(estimate, dice), "paperEsce": esce(1 - uncertainty, dice),
        })
    exact = []
    for count, n, level in [(0, 10, 0.95), (10, 10, 0.95), (3, 7, 0.9), (45, 50, 0.95), (1, 1000, 0.99), (940, 1000, 0.95)]:
        found = binomtest(count, n).proportion_ci(level, "exact")
        exact.append({"count": count, "n": n, "level": level, "low": found.low, "high": found.high})
    tails = [{"k": k, "n": n, "p": p, "value": float(binom.sf(k - 1, n, p))}
             for k, n, p in [(1, 1, 0.3), (5, 10, 0.5), (99, 100, 0.95), (2, 500, 0.01), (300, 1000, 0.5), (700, 1000, 0.5), (0, 4, 0.2), (5, 4, 0.2)]]
    path = ROOT / "test" / "fixtures" / "quality-statistics.json"
    path.write_text(json.dumps({"cases": cases, "exact": exact, "tails": tails}) + "\n")
    print(path)


if __name__ == "__main__":
    main()
