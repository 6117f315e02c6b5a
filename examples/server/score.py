"""Scores a scan with Python's requests, streamed both ways, and writes its uncertainty map.

    pip install requests
    segcanary serve -d detector/ &
    python examples/server/score.py scan.nii.gz uncertainty.nii.gz

SEGCANARY_URL and SEGCANARY_TOKEN name another server and its token. Without a second path no map is asked for.
"""

import json
import os
import sys
from pathlib import Path

import requests

URL = os.environ.get("SEGCANARY_URL", "http://127.0.0.1:8470")
TOKEN = os.environ.get("SEGCANARY_TOKEN")


def score(scan: Path, mask: Path | None = None) -> dict:
    """The result of a scan; its map, where one is asked for, goes to a file as it comes.

    Raises RuntimeError with the server's sentence.
    """
    with scan.open("rb") as body, requests.post(
        f"{URL}/v1/scans",
        params={"case": scan.name.split(".nii")[0], **({"mask": "1"} if mask else {})},
        data=body,
        headers={"Content-Type": "application/octet-stream", **({"Authorization": f"Bearer {TOKEN}"} if TOKEN else {})},
        stream=True,
        timeout=(10, 3600),  # seconds: to connect; without a byte
    ) as response:
        if not response.ok:
            raise RuntimeError(response.json()["error"]["message"])
        if mask is None:
            return response.json()
        result = parts(response, mask)
        if "error" in result:
            raise RuntimeError(result["error"]["message"])
        return result


def parts(response: requests.Response, mask: Path) -> dict:
    """multipart/mixed: the map first, the result last."""
    boundary = b"\r\n--" + response.headers["Content-Type"].split('boundary="')[1].split('"')[0].encode()
    partial = mask.with_name(f".{mask.name}.partial")
    held, in_map = b"", False
    with partial.open("wb") as file:
        for piece in response.iter_content(1 << 16):
            held += piece
            if not in_map and b"\r\n\r\n" in held and b'name="uncertainty"' in held:
                held, in_map = held.split(b"\r\n\r\n", 1)[1], True
            # What may be the beginning of a boundary stays.
            if in_map and boundary not in held:
                file.write(held[: -len(boundary)])
                held = held[-len(boundary) :]
            elif in_map:
                last, held = held.split(boundary, 1)
                file.write(last)
                in_map = False
    # An error is told in the place of the result, before any map or behind a part of one.
    result = json.loads(held.split(b"\r\n\r\n", 1)[1].split(boundary, 1)[0])
    partial.unlink() if "error" in result else partial.rename(mask)
    return result


if __name__ == "__main__":
    print(json.dumps(score(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)))
