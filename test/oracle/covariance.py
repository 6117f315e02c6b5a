"""Covariance estimators of scikit-learn, and what numpy says of rank and condition, on small random samples.

Run: ~/.cache/segcanary-oracle/bin/python test/oracle/covariance.py
Writes test/fixtures/covariance/: samples.json (rows as base64 float32, training then test) and the expected values.
"""

import base64
import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.covariance import OAS, EmpiricalCovariance, LedoitWolf

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "covariance"
TEST_ROWS = 5

# name, n, d, condition number of the population, offset of the mean, rank of the population (None:
# full)
SAMPLES = [
    ("well-conditioned", 200, 6, 1e2, 0.0, None),
    ("offset", 300, 12, 1e4, 1000.0, None),
    ("condition-1e6", 120, 24, 1e6, 0.0, None),
    ("condition-1e8", 160, 40, 1e8, 0.0, None),
    ("condition-1e8-offset", 240, 16, 1e8, 1000.0, None),
    ("few", 20, 40, 1e3, 0.0, None),
    ("few-offset", 9, 30, 1e2, 1000.0, None),
    ("as-many-as-features", 24, 24, 1e2, 0.0, None),
    ("one-more-than-features", 25, 24, 1e2, 0.0, None),
    ("two-rows", 2, 6, 1e2, 0.0, None),
    ("rank-deficient", 100, 20, 1e3, 0.0, 12),
    ("one-feature", 50, 1, 1.0, 5.0, None),
]


def draw(rng, n, d, condition, offset, rank):
    """n rows as float32, the way embeddings are. A rank-deficient sample is made of features that repeat others exactly."""
    own = d if rank is None else rank
    basis = np.linalg.qr(rng.standard_normal((own, own)))[0]
    scales = np.logspace(0, -0.5 * np.log10(condition), own) if own > 1 else np.ones(1)
    # The offset is along each axis alike; cond 1e8 at offset 1000 needs scales that float32 still
    # resolves.
    scales = scales * (1e3 if offset else 1.0)
    rows = offset + (rng.standard_normal((n, own)) * scales) @ basis.T
    rows = rows.astype(np.float32)
    return rows if rank is None else np.ascontiguousarray(rows[:, np.arange(d) % own])


def main():
    rng = np.random.default_rng(20210927)
    samples = []
    for name, n, d, condition, offset, rank in SAMPLES:
        rows = draw(rng, n + TEST_ROWS, d, condition, offset, rank)
        train, test = rows[:n].astype(np.float64), rows[n:].astype(np.float64)
        if n > 2:
            test[-1] += 3 * train.std(0)  # one that lies outside
        # float32 again, so that both sides read the very same values
        test = test.astype(np.float32).astype(np.float64)
        entry = {
            "name": name, "n": n, "d": d, "testRows": TEST_ROWS,
            "rows": base64.b64encode(np.concatenate([train, test]).astype("<f4").tobytes()).decode(),
            "estimators": {},
        }
        for key, estimator in (("empirical", EmpiricalCovariance()), ("ledoit-wolf", LedoitWolf()), ("oas", OAS())):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                estimator.fit(train)
            # The smallest eigenvalue that counts: scipy's pinvh and numpy's matrix_rank cut at max
            # * d * eps.
            values = np.linalg.eigvalsh(estimator.covariance_)
            kept = values[values > values.max() * d * np.finfo(float).eps]
            entry["estimators"][key] = {
                "shrinkage": getattr(estimator, "shrinkage_", None),
                "covarianceCorner": estimator.covariance_[: min(d, 3), : min(d, 3)].ravel().tolist(),
                "trace": float(np.trace(estimator.covariance_)),
                "conditionNumber": float(kept.max() / kept.min()),
                "train": estimator.mahalanobis(train[:3]).tolist(),
                "test": estimator.mahalanobis(test).tolist(),
            }
        empirical = EmpiricalCovariance().fit(train)
        entry["mean"] = empirical.location_.tolist()
        entry["rank"] = int(np.linalg.matrix_rank(empirical.covariance_, hermitian=True))
        samples.append(entry)
        print(name, "rank", entry["rank"], {k: f"{v['conditionNumber']:.3g}" for k, v in entry["estimators"].items()})
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "samples.json").write_text(json.dumps(samples) + "\n")


if __name__ == "__main__":
    main()
