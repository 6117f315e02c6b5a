"""Conformal p-values and the test martingale of the drift test, written a second time from their formulas, for test/drift/oracle.test.ts.

Run:  python test/oracle/drift.py

Needs numpy (2.4 made the fixture). Writes test/fixtures/drift.json.

The p-values count in plain numpy. The martingale is its definition: one gambler for every step at which capital leaves the reserve, each with accounts of its own,
all of them summed, in long double.
"""
import json
from pathlib import Path

import numpy as np

JUMP = np.longdouble("0.001")
BETS = [
    lambda p: 1 - (p - 0.5) / 2,
    lambda p: 1 - (p - 0.5),
    lambda p: 1 - 2 * (p - 0.5),
    lambda p: 4 * (1 - p) ** 3,
]


def p_values(calibration, stream, draws):
    found = []
    for t, (score, draw) in enumerate(zip(stream, draws)):
        others = np.concatenate([calibration, stream[: t + 1]])
        found.append((np.sum(others > score) + draw * np.sum(others == score)) / len(others))
    return np.array(found)


def entering(t):
    k = int(np.floor(np.log2(t)))
    return np.longdouble(1) / ((k + 1) * (k + 2) * 2**k)


def log10_capital(ps):
    steps = len(ps)
    total = np.zeros(steps, dtype=np.longdouble)
    for start in range(1, steps + 1):
        accounts = np.full(len(BETS), entering(start) / len(BETS), dtype=np.longdouble)
        for t in range(start, steps + 1):
            if t > start:
                accounts = (1 - JUMP) * accounts + JUMP * accounts.sum() / len(BETS)
            accounts = accounts * np.array([bet(np.longdouble(ps[t - 1])) for bet in BETS])
            total[t - 1] += accounts.sum()
    reserve = 1 - np.cumsum([entering(t) for t in range(1, steps + 1)])
    return np.log10(total + reserve)


def case(name, calibration, stream, rng):
    calibration, stream = np.asarray(calibration, float), np.asarray(stream, float)
    # As the draws of the program: above 0, up to 1.
    draws = 1 - rng.random(len(stream))
    ps = p_values(calibration, stream, draws)
    return {
        "name": name,
        "calibration": calibration.tolist(),
        "stream": stream.tolist(),
        "draws": draws.tolist(),
        "p": ps.tolist(),
        "log10": [float(v) for v in log10_capital(ps)],
    }


rng = np.random.default_rng(20210)
cases = [
    case("quiet", rng.normal(size=19), rng.normal(size=130), rng),
    case("shift after 50", rng.normal(size=40), np.concatenate([rng.normal(size=50), rng.normal(2, 1, size=70)]), rng),
    case("many ties", rng.integers(0, 4, size=19), rng.integers(0, 5, size=100), rng),
    case("no calibration", [], rng.normal(size=40), rng),
    case("all the same", [3.0] * 5, [3.0] * 40, rng),
    case("falling", rng.normal(size=19), -np.arange(60.0), rng),
    case("rising", rng.normal(size=19), 10 + np.arange(60.0), rng),
]
path = Path(__file__).parent.parent / "fixtures" / "drift.json"
path.write_text(json.dumps(cases) + "\n")
