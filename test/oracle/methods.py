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
        # Three stages of unequal size: z-scored over the training rows, divisor n, summed.
        parts = [d // 4, d // 3, d - d // 4 - d // 3]
        layers = np.zeros(len(z))
        for end, size in zip(np.cumsum(parts), parts):
            stage = slice(end - size, end)
            fitted = LedoitWolf().fit(x[:, stage])
            own = fitted.mahalanobis(x[:, stage])
            layers += (fitted.mahalanobis(z[:, stage]) - own.mean()) / own.std()
        cases.append({
            "n": n, "d": d, "parts": parts, "rows": [round(float(v), 3) for v in rows.ravel()], "tests": tests.tolist(), "distances": {
                "mahalanobis": LedoitWolf().fit(x).mahalanobis(z).tolist(),
                "mahalanobis++": LedoitWolf().fit(unit).mahalanobis(unit_z).tolist(),
                "gap-mahalanobis": LedoitWolf().fit(x).mahalanobis(z).tolist(),
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
