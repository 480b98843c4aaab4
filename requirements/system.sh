#!/bin/sh
# Looks for the system libraries that drawing needs; installs the missing ones where it may.
# Never fails: what stays missing is named, with what to type, and the rest goes on.
#   requirements/system.sh PYTHON
python=${1:-python3}
here=$(dirname "$0")
packages=$(sed 's/#.*//' "$here/apt.txt" | tr '\n' ' ')

missing() {
    "$python" - <<'PY'
import ctypes

for name in ("libEGL.so.1", "libGL.so.1", "libgthread-2.0.so.0"):
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name, end=" ")
PY
}

if [ "$(uname -s)" != Linux ]; then
    echo "system libraries: not looked for on $(uname -s)"
    exit 0
fi
lacking=$(missing)
if [ -z "$lacking" ]; then
    echo "system libraries: all here"
    exit 0
fi
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if command -v apt-get >/dev/null 2>&1 && { [ -z "$root" ] || $root true 2>/dev/null; }; then
    echo "system libraries: installing $packages"
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get update -qq >/dev/null 2>&1
    # One by one: distributions rename and drop some of these, and the others still serve.
    for package in $packages; do
        $root apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
            echo "system libraries: apt-get could not install $package"
    done
    lacking=$(missing)
    [ -z "$lacking" ] && exit 0
fi
echo "system libraries: missing $lacking"
echo "  as root type: apt-get install -y $packages"
echo "  without root: docs/install.md says how conda brings them"
