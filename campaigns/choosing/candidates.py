"""Compares candidates for the default detector on a development cohort: candidates.py LAYOUT.json FEATURES_FOLDER [DICE.json]

FEATURES_FOLDER is what features.ts wrote, LAYOUT.json what statistics_graph.py did; DICE.json the
Dice of every scan that is no training scan, by name. A shift and grade whose scans have a mean Dice
more than .1 below the in-distribution test scans' is harmful. Prints rows of a Markdown table: AUROC
and, at the conformal boundary, FPR over harmful shifts; AUROC over all; in-distribution scans
rejected. Independent of segcanary's own detectors: numpy and scikit-learn.
"""
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

FOLDS = 5


def load(layout, folder):
    scans = []
    for path in sorted(Path(folder).glob("*.json")):
        scan = json.loads(path.read_text())
        features = np.fromfile(path.with_suffix(".f32"), np.float32).reshape(scan["n"], scan["d"]).astype(float)
        layers, at = [], 0
        for layer in layout:
            c = layer["channels"]
            layers.append((features[:, at:at + c], 0.5 * np.log(features[:, at + c:at + 2 * c] + 1e-8)))
            at += 2 * c
        group, name = path.stem.split("__", 1)
        scans.append({"name": path.stem, "group": group, "layers": layers, "weights": np.array(scan["weights"]), "histogram": np.array(scan["hist"])})
    return scans


def rows_of(scan, layer, kind):
    means, spreads = scan["layers"][layer]
    return np.hstack([means, spreads]) if kind == "means and spreads" else means


def scale(values):
    median, upper = np.quantile(values, [0.5, 0.9])
    return median, max((upper - median) / 1.2816, 1e-6)


def log_distances(fit, of, train, others):
    """ln(D^2 / d): training scans under a fit without their fold, the others under the whole one."""
    out = {}
    for fold in range(FOLDS):
        judge = fit([s for i, s in enumerate(train) if i % FOLDS != fold])
        for i, scan in enumerate(train):
            if i % FOLDS == fold:
                out[scan["name"]] = np.log(judge(of(scan)))
    judge = fit(train)
    for scan in others:
        out[scan["name"]] = np.log(judge(of(scan)))
    return out


def standardised(values, train):
    """By what the training scans are like: per patch where there are patches, per scan else."""
    centre, deviation = scale(np.concatenate([np.atleast_1d(values[s["name"]]) for s in train]))
    return {name: (v - centre) / deviation for name, v in values.items()}


def gaussian(of):
    def fit(scans):
        fitted = LedoitWolf().fit(np.vstack([of(s) for s in scans]))
        return lambda x: fitted.mahalanobis(x) / x.shape[1]
    return fit


def principal(of):
    def fit(scans):
        rows = np.vstack([of(s) for s in scans])
        pca = PCA(n_components=min(10, len(rows) // 3)).fit(rows)
        fitted = LedoitWolf().fit(pca.transform(rows))
        return lambda x: fitted.mahalanobis(pca.transform(x)) / pca.n_components_
    return fit


def thirds(n):
    return [range(-(-t * n // 3), -(-(t + 1) * n // 3)) for t in range(3) if -(-t * n // 3) < -(-(t + 1) * n // 3)]


COMBINATIONS = {
    "mean z": lambda z: np.mean(z, axis=0),
    "max of three depths": lambda z: np.max([np.mean(z[third.start:third.stop], axis=0) for third in thirds(len(z))], axis=0),
    "log-sum-exp of three depths": lambda z: np.logaddexp.reduce([np.mean(z[third.start:third.stop], axis=0) for third in thirds(len(z))], axis=0),
}


def main():
    layout = json.loads(Path(sys.argv[1]).read_text())
    scans = load(layout, sys.argv[2])
    dice = json.loads(Path(sys.argv[3]).read_text()) if len(sys.argv) > 3 else None
    train = [s for s in scans if s["group"] == "train"]
    others = [s for s in scans if s["group"] != "train"]
    val = [s["name"] for s in others if s["group"] == "val"]
    test = [s["name"] for s in others if s["group"] == "test"]
    at_home = test or val
    shifted = [s for s in others if s["group"] not in ("val", "test")]
    groups = {s["group"] for s in shifted}
    usual = dice and np.mean([dice[name] for name in at_home])
    harmful = {g for g in groups if not dice or np.mean([dice[s["name"]] for s in shifted if s["group"] == g]) < usual - 0.1}

    def row(name, score):
        home = np.array([score[n] for n in at_home])
        bad = np.array([score[s["name"]] for s in shifted if s["group"] in harmful])
        every = np.array([score[s["name"]] for s in shifted])
        ascending = np.sort([score[n] for n in val])
        boundary = ascending[min(len(ascending), int(np.ceil(0.95 * (len(ascending) + 1)))) - 1]
        auroc = lambda far: np.mean(far[:, None] > home) + 0.5 * np.mean(far[:, None] == home)
        rejected = f"{sum(home > boundary)} of {len(home)}" if test else "–"
        print(f"| {name} | {auroc(bad):.3f} | {np.mean(bad <= boundary):.3f} ({sum(bad <= boundary)} of {len(bad)}) | {auroc(every):.3f} | {rejected} |")

    def subject(values):
        """The score of each scan from values a patch, on the scale of the training scans' scores."""
        return standardised({s["name"]: float(s["weights"] @ values[s["name"]]) for s in scans}, train)

    def of_layers(layers, kind, combine, by="patch"):
        z = []
        for layer in layers:
            of = lambda scan, layer=layer: rows_of(scan, layer, kind)
            values = log_distances(gaussian(of), of, train, others)
            if by == "scan":
                values = {s["name"]: np.log(s["weights"] @ np.exp(values[s["name"]])) for s in scans}
            z.append(standardised(values, train))
        combined = {s["name"]: COMBINATIONS[combine]([v[s["name"]] for v in z]) for s in scans}
        return subject(combined) if by == "patch" else standardised(combined, train)

    def of_intensities(fit, of):
        return standardised({n: float(v[0]) for n, v in log_distances(fit(of), of, train, others).items()}, train)

    bins = lambda width: lambda scan: np.sqrt(scan["histogram"].reshape(-1, width).sum(1))[None]
    shares = lambda scan: scan["histogram"][None]
    edges = -5 + 10 * (np.arange(150) + 0.5) / 150
    quantiles = lambda scan: np.interp([0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99], np.cumsum(scan["histogram"][:150]), edges)[None]
    intensities = {
        "principal components of 150 shares (as `ihf`)": of_intensities(principal, shares),
        "8 quantiles": of_intensities(gaussian, quantiles),
        "square roots of 30 shares": of_intensities(gaussian, bins(5)),
        "square roots of 150 shares": of_intensities(gaussian, bins(1)),
    }
    for name, score in intensities.items():
        row(f"intensities alone: {name}", score)

    last = {kind: [max(i for i, l in enumerate(layout) if l["stage"] == stage and l["kind"] == kind) for stage in sorted({l["stage"] for l in layout})] for kind in ("raw", "post")}
    every = [i for i, l in enumerate(layout) if l["kind"] == "raw"]
    for where, layers, kind in [
        ("behind norm and activation", last["post"], "means"),
        ("behind norm and activation", last["post"], "means and spreads"),
        ("raw", last["raw"], "means"),
        ("raw", last["raw"], "means and spreads"),
        ("raw, every convolution", every, "means and spreads"),
    ]:
        for combine in COMBINATIONS:
            row(f"{where}, {kind}, {combine}", of_layers(layers, kind, combine))
    row("raw, means and spreads, max of three depths, by scan", of_layers(last["raw"], "means and spreads", "max of three depths", "scan"))
    for combine in COMBINATIONS:
        patches = of_layers(last["raw"], "means and spreads", combine)
        for name, z in intensities.items():
            row(f"raw, means and spreads, {combine}; intensities: {name}", {n: max(patches[n], z[n]) for n in patches})


main()
