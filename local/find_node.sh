#!/bin/sh
# Prints the folder of a Node that builds the portal (20.19 or newer, with npm): the machine's, or else that of
# .venv-node. Prints nothing where there is neither.
root=$(cd "$(dirname "$0")/.." && pwd)
works() {
    "$1/node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}
node=$(command -v node) && [ -x "$(dirname "$node")/npm" ] && works "$(dirname "$node")" && dirname "$node" && exit 0
works "$root/.venv-node/node" && echo "$root/.venv-node/node"
exit 0
