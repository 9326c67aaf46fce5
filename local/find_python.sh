#!/bin/sh
# Prints the path of a real Python 3.13 interpreter, not of a shim; says in one sentence what is missing when there is none.
if ! here=$(cd "$(dirname "$0")/.." && pwd); then exit 1; fi

real() {
    "$1" -c 'import sys, venv, ensurepip; assert sys.version_info[:2] == (3, 13); print(getattr(sys, "_base_executable", sys.executable))' 2>/dev/null
}

try() {
    if found=$(real "$1") && [ -n "$found" ]; then
        echo "$found"
        exit 0
    fi
}

[ -n "${TIKA_PYTHON:-}" ] && try "$TIKA_PYTHON"
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin; do
    try "$folder/python3.13"
done
try python3.13
if command -v uv >/dev/null 2>&1; then
    managed=$(cd "$here" && uv python find --no-project 3.13 2>/dev/null) && try "$managed"
fi
for folder in "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-3.13*/bin; do
    try "$folder/python3.13"
done
try python3
echo "Tika needs Python 3.13: install it (for example with 'uv python install 3.13' or 'pyenv install 3.13') or set TIKA_PYTHON to one." >&2
exit 1
