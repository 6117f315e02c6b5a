#!/usr/bin/env bash
# Installs what `npm run test:dicom` talks to and compares with, and prints the path of the Python
# that has pydicom, highdicom, dcmqi and SimpleITK, for SEGCANARY_PYTHON:
#
#   SEGCANARY_PYTHON=$(scripts/dicom-peers.sh) npm run test:dicom
#
# Orthanc, its DICOMweb, dcmtk, dicom3tools and dcm2niix come from Debian, as root, and only those
# that are missing; no service is started. The Python packages go into a virtual environment in
# SEGCANARY_PEERS (.peers/ where it is not set), which later runs use again.
set -euo pipefail
cd "$(dirname "$0")/.."
exec 3>&1 >&2

peers=${SEGCANARY_PEERS:-.peers}
mkdir -p "$peers"
peers=$(cd "$peers" && pwd)
python="$peers/venv/bin/python"
requirements=test/dicom/requirements.txt

# A package, and a file that it brings.
missing=()
need() { [ -e "$2" ] || command -v "$2" >/dev/null || missing+=("$1"); }
need orthanc Orthanc
need orthanc-dicomweb /usr/share/orthanc/plugins/libOrthancDicomWeb.so
need dcmtk dcmsend
need dicom3tools dciodvfy
need dcm2niix dcm2niix
[ -e "$python" ] || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. Install Debian's packages of these names (as root), and run this again."
    exit 1
  fi
  # Debian starts the services that it installs unless this file says no.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

# The environment is whole where it carries the very list that it was made of.
if ! cmp -s "$requirements" "$peers/venv/requirements.txt"; then
  rm -rf "$peers/venv"
  python3 -m venv "$peers/venv"
  "$python" -m pip install -q --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$peers/venv/requirements.txt"
fi
echo "$python" >&3
