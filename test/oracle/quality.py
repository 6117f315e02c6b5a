"""What scipy, scikit-learn, MAPIE and crepes make of seeded numbers, for the tests of maths/regression/ and detectors/quality/.

Run:  python test/oracle/quality.py

Needs the environment of test/oracle/setup.sh. Writes test/fixtures/quality.json.

Bounds are drawn on the line logit(.01 + .98 Dice), where MAPIE and crepes know the residuals. One-sided at alpha is the lower end of MAPIE's asymmetric interval at 1 - 2 alpha.
"""
import json
from pathlib import Path

import numpy as np
from crepes import ConformalPredictiveSystem
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import CrossConformalRegressor, SplitConformalRegressor
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import LeaveOneOut

ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(16)


def link(dice):
    p = 0.01 + 0.98 * np.asarray(dice)
    return np.log(p / (1 - p))


def unlink(eta):
    return np.clip((1 / (1 + np.exp(-eta)) - 0.01) / 0.98, 0, 1)


def least_squares():
    cases = []
    for rows, p, ridge in [(30, 8, 0.1), (12, 20, 0.01), (40, 25, 1.0)]:
        a, b = rng.normal(size=(rows, p)), rng.normal(size=rows)
        x, _ = nnls(np.vstack([a, np.sqrt(ridge) * np.eye(p)]), np.concatenate([b, np.zeros(p)]))
        gram = a.T @ a + ridge * np.eye(p)
        cases.append({"gram": gram.ravel().tolist(), "right": (a.T @ b).tolist(), "x": x.tolist()})
    return cases


def isotonic():
    x = np.round(rng.uniform(size=40), 1)
    y = np.clip(x + 0.3 * rng.normal(size=40), 0, 1)
    weight = rng.uniform(0.1, 1, size=40)
    at = np.concatenate([[-1, 2], rng.uniform(size=20)])
    fitted = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=weight)
    return {"x": x.tolist(), "y": y.tolist(), "weight": weight.tolist(), "at": at.tolist(), "value": fitted.predict(at).tolist()}


SHARES = [0.1, 0.5, 0.9]
RIDGES = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1]


class Additive:
    """Hinges of x at the weighted quantiles of the rows that it is made from."""

    def __init__(self, x, weight):
        mean = np.average(x, axis=0, weights=weight)
        self.deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
        self.knots = [np.unique([np.quantile(column, s, weights=weight, method="inverted_cdf") for s in SHARES]) for column in x.T]

    def hinges(self, x):
        return np.stack(
            [part / d for column, knots, d in zip(x.T, self.knots, self.deviation) for t in knots for part in (np.maximum(0, column - t), np.minimum(0, column - t))], axis=1
        )

    def fit(self, x, y, weight, ridge):
        h = self.hinges(x)
        root = np.sqrt(weight)[:, None]
        mean_h, mean_y = np.average(h, axis=0, weights=weight), np.average(y, weights=weight)
        lam = np.sqrt(ridge * weight.sum()) * np.eye(h.shape[1])
        slopes, _ = nnls(np.vstack([root * (h - mean_h), lam]), np.concatenate([root[:, 0] * (y - mean_y), np.zeros(h.shape[1])]), maxiter=10_000)
        return lambda at: mean_y + (self.hinges(at) - mean_h) @ slopes


def additive():
    patient, family = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    x = rng.normal(size=(48, 3))
    weight = np.tile([0.5, 1 / 6, 1 / 6, 1 / 6], 12)
    y = 1.5 * x[:, 0] + np.minimum(0, x[:, 1]) - 0.5 * x[:, 2] + 2 * rng.normal(size=48) + 2 * rng.normal(size=12)[patient]
    model = Additive(x, weight)
    errors = []
    for ridge in RIDGES:
        error = 0
        for group, judged in ((patient, family == 0), (np.where(family == 0, -1, family), family > 0)):
            for value in np.unique(group[judged]):
                rest, out = group != value, (group == value) & judged
                # Hinges stay where all rows put them: only what they are weighed by is left out.
                error += np.sum(weight[out] * (y[out] - model.fit(x[rest], y[rest], weight[rest], ridge)(x[out])) ** 2)
        errors.append(error)
    ridge = RIDGES[int(np.argmin(errors))]
    at = 2 * rng.normal(size=(10, 3))
    return {
        "patient": patient.tolist(), "family": [None if f == 0 else f"family {f}" for f in family], "x": x.tolist(), "weight": weight.tolist(), "y": y.tolist(), "ridge": ridge, "at": at.tolist(),
        "chosen": model.fit(x, y, weight, ridge)(at).tolist(), "second": model.fit(x, y, weight, RIDGES[1])(at).tolist(),
    }


class IsotonicOnTheLine(BaseEstimator, RegressorMixin):
    """The isotonic curve of Dice over confidence, as places on the line."""

    def fit(self, x, y):
        self.curve_ = IsotonicRegression(out_of_bounds="clip").fit(np.ravel(x), unlink(y))
        return self

    def predict(self, x):
        return link(self.curve_.predict(np.ravel(x)))


def bounds():
    n, aside, alpha = 60, 25, 0.1
    confidence = rng.uniform(0.2, 0.95, size=n)
    dice = np.clip(confidence + 0.1 * rng.normal(size=n), 0, 1)
    at = np.linspace(0.1, 1, 12)
    x, y = confidence[:, None], link(dice)
    asymmetric = AbsoluteConformityScore(sym=False)

    fitted = IsotonicOnTheLine().fit(x[aside:], y[aside:])
    split = SplitConformalRegressor(fitted, confidence_level=1 - 2 * alpha, conformity_score=asymmetric, prefit=True)
    split.conformalize(x[:aside], y[:aside])
    system = ConformalPredictiveSystem().fit(y[:aside] - fitted.predict(x[:aside]))
    by_crepes = system.predict_int(fitted.predict(at[:, None]), confidence=1 - 2 * alpha)[:, 0]
    by_split = split.predict_interval(at[:, None])[1][:, 0, 0]

    few = 30
    plus = CrossConformalRegressor(
        IsotonicOnTheLine(), confidence_level=1 - 2 * alpha, conformity_score=AbsoluteConformityScore(sym=False), method="plus", cv=LeaveOneOut()
    )
    plus.fit_conformalize(x[:few], y[:few])
    by_jackknife = plus.predict_interval(at[:, None])[1][:, 0, 0]
    return {
        "alpha": alpha, "aside": aside, "few": few, "confidence": confidence.tolist(), "dice": dice.tolist(), "at": at.tolist(),
        "split": {"mapie": unlink(by_split).tolist(), "crepes": unlink(by_crepes).tolist()}, "jackknife": unlink(by_jackknife).tolist(),
    }


def confidence():
    """Soft Dice confidence as its definition has it, on a small volume."""
    from scipy.ndimage import binary_erosion
    from scipy.special import expit, softmax

    shape, temperatures = (8, 9, 10), [0.5, 3.0]
    centre = np.stack(np.meshgrid(*[np.arange(s) - s / 2 for s in shape], indexing="ij"))
    radius = np.sqrt((centre**2).sum(0))
    logits = np.stack([radius - 3.4, np.where(centre[2] < 0, 3.4 - radius, -3), np.where(centre[2] >= 0, 3.4 - radius, -3)]) + 0.3 * rng.normal(size=(3, *shape))
    logits = np.round(logits * 3, 2).astype(np.float32)
    cross = np.zeros((3, 3, 3), bool)
    cross[1, 1], cross[1, :, 1], cross[:, 1, 1] = True, True, True

    def entropy(p, most):
        return -np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0), axis=0) / most

    def labels(probability_of, masks, entropy_of):
        out = []
        for k, mask in enumerate(masks):
            inner = binary_erosion(mask, cross, border_value=0)
            out.append({
                "voxels": int(mask.sum()),
                "interior": int(inner.sum()),
                "confidence": [float(2 * probability_of(t)[k][mask].sum() / (probability_of(t)[k].sum() + mask.sum())) for t in temperatures],
                "entropy": [float(entropy_of(t, k)[inner].mean()) for t in temperatures],
            })
        return out

    l64 = logits.astype(np.float64)
    winner = l64.argmax(0)
    classes = labels(lambda t: softmax(l64 / t, 0)[1:], [winner == 1, winner == 2], lambda t, k: entropy(softmax(l64 / t, 0), np.log(3)))
    regions = labels(lambda t: expit(l64 / t), list(l64 > 0), lambda t, k: entropy(np.stack([expit(l64[k] / t), expit(-l64[k] / t)]), np.log(2)))
    return {"shape": shape, "temperatures": temperatures, "logits": logits.ravel().tolist(), "classes": classes, "regions": regions}


def rounded(value):
    if value is None:
        return None
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, (list, tuple)) else value


fixture = {"nnls": least_squares(), "isotonic": isotonic(), "additive": additive(), "bounds": bounds(), "confidence": confidence()}
(ROOT / "test/fixtures/quality.json").write_text(json.dumps(rounded(fixture)) + "\n")
