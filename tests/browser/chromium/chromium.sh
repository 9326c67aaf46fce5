#!/bin/sh
# Starts the browser of .chromium with the libraries that lie beside it, which a bare machine lacks.
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="$here/al2023/lib" exec "$here/chromium" "$@"
