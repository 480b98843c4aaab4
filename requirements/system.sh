#!/bin/sh
# Looks for the system libraries that drawing needs, and for a browser; installs the missing ones where it may.
# Never fails: what stays missing is named, with what to type, and the rest goes on.
#   requirements/system.sh PYTHON
python=${1:-python3}
here=$(dirname "$0")
packages=$(sed 's/#.*//' "$here/apt.txt" | tr '\n' ' ')

missing() {
    "$python" - <<'PY'
import ctypes
import glob
import os
import shutil

for name in ("libEGL.so.1", "libGL.so.1", "libgthread-2.0.so.0"):
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name, end=" ")
browsers = "chromium-headless-shell chrome-headless-shell chromium chromium-browser google-chrome"
downloaded = os.path.expanduser("~/.cache/ms-playwright/chromium*")
named = os.environ.get("POLYATHLON_CHROMIUM")
if not (named or any(map(shutil.which, browsers.split())) or glob.glob(downloaded)):
    print("chromium", end=" ")
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
    case $lacking in  # Not every distribution has the headless shell apart.
        *chromium*) $root apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 ;;
    esac
    lacking=$(missing)
    [ -z "$lacking" ] && exit 0
fi
echo "system libraries: missing $lacking"
echo "  as root type: apt-get install -y $packages"
echo "  without root: docs/install.md says how conda brings them"
