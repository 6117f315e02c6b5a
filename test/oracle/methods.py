"""Distances of the patch methods by scikit-learn, for test/detectors/methods.test.ts.

Run:  python test/oracle/methods.py

Needs the environment of test/oracle/setup.sh. Writes test/fixtures/methods.json: seeded training rows, test rows and each method's distance to them.
"""
import json
from pathlib import Path

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler, normalize

ROOT = Path(__file__).resolve().parents[2]
K_NEIGHBOUR, DIMENSIONS = 10, 64


def stages_of(parts):
    return [slice(end - size, end) for end, size in zip(np.cumsum(parts), parts)]


def log_distance(fitted, x):
    return np.log(fitted.mahalanobis(x) / x.shape[1])


def robust(values):
    median, upper = np.quantile(values, [0.5, 0.9])
    return median, (upper - median) / 1.2816


def cross_fitted(x, folds):
    """ln(D^2 / d) of every row under a Gaussian that has not seen its fold."""
    out = np.empty(len(x))
    for fold in np.unique(folds):
        out[folds == fold] = log_distance(LedoitWolf().fit(x[folds != fold]), x[folds == fold])
    return out


def multi_depth(x, parts, scans):
    """The score of patches, and the z of the intensities of a scan."""
    folds = np.repeat([scan["fold"] for scan in scans], [scan["n"] for scan in scans])
    stages = [(stage, LedoitWolf().fit(x[:, stage]), robust(cross_fitted(x[:, stage], folds))) for stage in stages_of(parts)]
    thirds = [range(int(np.ceil(t * len(parts) / 3)), int(np.ceil((t + 1) * len(parts) / 3))) for t in range(3)]

    def largest(z):
        return np.max([np.mean([z[i] for i in third], axis=0) for third in thirds], axis=0)

    training = largest([(cross_fitted(x[:, stage], folds) - centre) / deviation for stage, _, (centre, deviation) in stages])
    starts = np.cumsum([0, *(scan["n"] for scan in scans)])
    subjects = [np.dot(training[a:b], scan["weights"]) for a, b, scan in zip(starts, starts[1:], scans)]
    centre, deviation = robust(subjects)

    def score(z):
        values = largest([(log_distance(fitted, z[:, stage]) - c) / s for stage, fitted, (c, s) in stages])
        return (np.maximum(values, training.min()) - centre) / deviation

    score.least = (training.min() - centre) / deviation
    roots = np.sqrt([scan["histogram"] for scan in scans])
    usual, scale = LedoitWolf().fit(roots), robust(cross_fitted(roots, np.array([scan["fold"] for scan in scans])))
    return score, lambda h: float((log_distance(usual, np.sqrt(h)[None])[0] - scale[0]) / scale[1])


def main():
    cases = []
    for seed, (n, d) in enumerate([(150, 24), (40, 60), (300, 160)]):
        rng = np.random.default_rng(seed)
        mixing = rng.normal(size=(d, d)) * np.geomspace(3, 0.05, d)
        rows = (rng.normal(size=(n, d)) @ mixing.T + rng.normal(size=d)).round(3).astype(np.float32)
        tests = (rng.normal(size=(6, d)) @ mixing.T * np.array([1, 1, 1, 2, 3, 5])[:, None] + rng.normal(size=(6, d))).astype(np.float32)
        x, z = rows.astype(np.float64), tests.astype(np.float64)
        k = max(1, min(DIMENSIONS, min(n - 1, d) // 2))
        pca = PCA(n_components=k, svd_solver="full").fit(x)
        inside = pca.transform(z)
        # scikit-learn divides the variance by n - 1.
        variance = pca.explained_variance_ * (n - 1) / n
        offset = ((z - x.mean(0)) ** 2).sum(1)
        unit, unit_z = normalize(x), normalize(z)
        neighbours = NearestNeighbors(n_neighbors=K_NEIGHBOUR, algorithm="brute").fit(unit)
        # Scans of a few patches each, as the test cuts them; what else is known of each.
        scans, start, size = [], 0, 1
        while start < n:
            count = min(size, n - start)
            scans.append({"n": count, "fold": len(scans) % 5, "weights": rng.dirichlet(np.full(count, 5)).tolist(), "histogram": rng.dirichlet(np.full(12, 2)).tolist()})
            start, size = start + count, size + 7
        # Stages of unequal size: z-scored over the training rows, divisor n, summed.
        parts = [d // 4, d // 3, d - d // 4 - d // 3] if d < 100 else [20, 30, 40, 50, d - 140]
        layers = np.zeros(len(z))
        for end, size in zip(np.cumsum(parts), parts):
            stage = slice(end - size, end)
            fitted = LedoitWolf().fit(x[:, stage])
            own = fitted.mahalanobis(x[:, stage])
            layers += (fitted.mahalanobis(z[:, stage]) - own.mean()) / own.std()
        deep, shares = multi_depth(x, parts, scans)
        cases.append({
            "n": n, "d": d, "parts": parts, "scans": scans, "least": deep.least, "intensities": [[h.tolist(), shares(np.asarray(h))] for h in rng.dirichlet(np.full(12, 1), size=3)], "rows": [round(float(v), 3) for v in rows.ravel()], "tests": tests.tolist(), "distances": {
                "mahalanobis": LedoitWolf().fit(x).mahalanobis(z).tolist(),
                "mahalanobis++": LedoitWolf().fit(unit).mahalanobis(unit_z).tolist(),
                "gap-mahalanobis": LedoitWolf().fit(x).mahalanobis(z).tolist(),
                "multi-depth": deep(z).tolist(),
                "frodo": np.mean([np.sqrt(LedoitWolf().fit(x[:, stage]).mahalanobis(z[:, stage])) / (stage.stop - stage.start) for stage in stages_of(parts)], axis=0).tolist(),
                "multi-layer": layers.tolist(),
                "diagonal": (StandardScaler().fit(x).transform(z) ** 2).sum(1).tolist(),
                "euclidean": offset.tolist(),
                "pca-mahalanobis": (inside**2 / variance).sum(1).tolist(),
                "residual": (offset - (inside**2).sum(1)).tolist(),
                "knn": (neighbours.kneighbors(unit_z)[0][:, -1] ** 2).tolist(),
            },
        })
    path = ROOT / "test" / "fixtures" / "methods.json"
    path.write_text(json.dumps(cases) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
