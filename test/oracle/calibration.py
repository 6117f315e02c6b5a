"""What a calibration can promise, from scipy, for test/detectors/promise.test.ts, test/detectors/calibration.test.ts,
test/detectors/false-discoveries.test.ts and test/maths/binomial.test.ts.

Run:  python test/oracle/calibration.py

Needs numpy and scipy (2.4 and 1.17 made the fixture). Writes test/fixtures/calibration.json.

The law of the true false-alarm rate is scipy.stats.beta; the flagged sets are those of
scipy.stats.false_discovery_control; p-values and ranks count in Python's fractions, in exact arithmetic.
"""
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import stats

rng = np.random.default_rng(16)


def beta_law():
    rows = []
    for n in (1, 5, 19, 20, 39, 50, 59, 100, 500, 20000):
        for level in ("0.5", "0.9", "0.95", "0.98", "0.99"):
            k = min(n, math.ceil(Fraction(level) * (n + 1)))
            for share in (0.001, 0.02, 0.05, 0.1, 0.5):
                rows.append([n, float(level), k, share, float(stats.beta.sf(share, n + 1 - k, k))])
    return rows


def confident():
    """Smallest n, and for given n the smallest rank, with P(Beta(n + 1 - k, k) <= 1 - level) >= .95."""
    rows = []
    for n in (10, 58, 59, 60, 92, 93, 100, 200, 1000):
        sure = [k for k in range(1, n + 1) if stats.beta.cdf(0.05, n + 1 - k, k) >= 0.95]
        rows.append([n, min(sure) if sure else None])
    return rows


def p_values():
    rows = []
    for n in (1, 7, 19, 20, 40, 100):
        # Whole numbers, so that there are ties.
        calibration = rng.integers(0, 3 * n, n).tolist()
        scores = rng.integers(-2, 3 * n + 2, 12).tolist()
        ps = [(1 + sum(c >= s for c in calibration)) / (n + 1) for s in scores]
        for level in ("0.5", "0.8", "0.9", "0.95", "0.99"):
            supported = min(Fraction(level), Fraction(n, n + 1))
            flagged = [Fraction(1 + sum(c >= s for c in calibration), n + 1) <= 1 - supported for s in scores]
            rows.append({"calibration": calibration, "scores": scores, "level": float(level), "p": ps, "flagged": flagged})
    return rows


def discoveries():
    rows = []
    for m, n, foreign in ((1, 19, 1), (5, 30, 2), (20, 100, 6), (60, 200, 0), (100, 500, 30), (40, 19, 40)):
        for q in (0.051, 0.103, 0.21):
            calibration = np.sort(rng.normal(size=n))
            scores = np.concatenate([rng.normal(3, 1, foreign), rng.normal(size=m - foreign)])
            p = (1 + (calibration[None] >= scores[:, None]).sum(1)) / (n + 1)
            flagged = stats.false_discovery_control(p) <= q
            rows.append({"q": q, "n": n, "p": p.tolist(), "flagged": flagged.tolist()})
    return rows


fixture = {"beta": beta_law(), "confident": confident(), "pValues": p_values(), "discoveries": discoveries()}
path = Path(__file__).parents[1] / "fixtures" / "calibration.json"
path.write_text(json.dumps(fixture) + "\n")
