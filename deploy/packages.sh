#!/usr/bin/env bash
# Installs the Debian packages that building (and with "test" also testing) needs, if any is missing.
# Usage: packages.sh [build|test]. Needs root or sudo only when something is missing.
set -euo pipefail

case $#:${1:-build} in
  [01]:build | 1:test) ;;
  1:-h | 1:--help) echo "Usage: packages.sh [build|test]" && exit 0 ;;
  *) echo "Usage: packages.sh [build|test]" >&2 && exit 2 ;;
esac
packages=(g++ cmake ninja-build ccache mold pkg-config
  libgrpc++-dev libgrpc-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  libboost1.81-dev libssl-dev zlib1g-dev libspdlog-dev libfmt-dev libyaml-cpp-dev
  libcli11-dev nlohmann-json3-dev libxxhash-dev librocksdb-dev libcurl4-openssl-dev libzookeeper-mt-dev python3 procps curl)
if [ "${1:-build}" = test ]; then
  packages+=(libgtest-dev libgmock-dev clang-format-19 clang-tidy-19 jq git netcat-openbsd)
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "Installing ${missing[*]}" >&2
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600
  install -y --no-install-recommends "${missing[@]}")
"${install[@]}" >/dev/null 2>&1 || {
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 update >&2
  "${install[@]}" >&2
}
