#!/bin/sh
# Prints the path of a Chromium or Chrome that this machine has. Prints nothing where there is none that starts.
for browser in chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    # Ubuntu has a chromium-browser that only says where to get one.
    path=$(command -v "$browser") && "$path" --version >/dev/null 2>&1 && echo "$path" && exit 0
done
exit 0
