#!/bin/sh
# setup.sh [dev] -- installs what the tests need, or what maintainers need too,
# through the system's own package manager.
set -eu

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian starts a server that is installed. This one is installed as a program
# to compare with: nothing may listen that nobody asked for (policy-rc.d is
# Debian's way to say so; its 101 means "not allowed").
without_daemons() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        as_root "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    status=0
    as_root "$@" || status=$?
    as_root rm -f "$policy"
    if command -v systemctl >/dev/null; then
        as_root systemctl disable redis-server 2>/dev/null || true
    fi
    return "$status"
}

test_packages="check pkg-config redis-tools netcat-openbsd"
dev_packages="gcc python3 clang clang-format clang-tidy cppcheck shellcheck gcovr \
libhiredis-dev python3-redis redis-server valgrind"

# shellcheck disable=SC2086 # lists of words
if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    missing=
    wanted=$test_packages
    [ "${1-}" != dev ] || wanted="$wanted $dev_packages"
    for package in $wanted; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    [ -n "$missing" ] || { echo "setup: everything is there"; exit 0; }
    echo "setup: installing$missing"
    as_root apt-get update -q
    without_daemons apt-get install -q -y --no-install-recommends $missing
elif [ "${1-}" = dev ]; then
    echo "setup: what maintainers need is known for Debian and Ubuntu only:" \
        "$dev_packages" >&2
    exit 1
elif command -v dnf >/dev/null; then
    as_root dnf install -y check-devel pkgconf redis nmap-ncat
elif command -v brew >/dev/null; then
    brew install check pkg-config redis
else
    echo "setup: no apt-get, dnf or brew here; please install: Check" \
        "(https://libcheck.github.io/check/), pkg-config, redis-tools, nc" >&2
    exit 1
fi
