#!/usr/bin/env bash
# Makes dist/chatpulse-VERSION.zip, which a WordPress site installs; the same files make the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

usage() {
  cat <<'TEXT'
Usage: ./package-plugin.sh [--assets-only]

  (nothing)       makes dist/chatpulse-VERSION.zip and prints its name
  --assets-only   only copies the chat's own code into wordpress/chatpulse/assets/, so that a site can
                  use the plugin from this folder
TEXT
}

plugin=wordpress/chatpulse
version=$(sed -n "s/^const VERSION *= '\(.*\)';$/\1/p" "$plugin/chatpulse.php")

# What the chat consists of: not what only the server's own page or a terminal uses.
copy_assets() {
  local to=$1 file
  mkdir -p "$to"
  for file in web/*.js; do
    case "$file" in
      web/page.js | web/terminal.js) ;;
      *) put "$file" "$to/${file#web/}" ;;
    esac
  done
  put web/chat.css "$to/chat.css"
  put web/node_modules/socket.io-client/dist/socket.io.esm.min.js "$to/socket.io.esm.min.js"
}

# put FROM TO: without a moment in which a browser could get half a file. A page of WordPress has no import map for the one
# module that has a name instead of an address.
put() {
  sed -e "s#'socket.io-client'#'./socket.io.esm.min.js'#" -e '/^\/\/# sourceMappingURL=/d' "$1" >"$2.new.$$"
  mv "$2.new.$$" "$2"
}

case "${1-}" in
  '') ;;
  --assets-only)
    need_npm web
    copy_assets "$plugin/assets/chat-$version"
    exit
    ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

need_packages zip:zip
need_npm web
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir "$staging/chatpulse"
(cd "$plugin" && find . -type f ! -path './assets/chat-*' ! -name '.*' -print0 | sort -z | xargs -0 -I{} install -D -m 644 {} "$staging/chatpulse/{}")
copy_assets "$staging/chatpulse/assets/chat-$version"
find "$staging/chatpulse" -type f -exec chmod 644 {} +
find "$staging/chatpulse" -type d -exec chmod 755 {} +
# One time for all, in UTC: the oldest that a zip file can tell, and no extra fields with others.
find "$staging/chatpulse" -exec env TZ=UTC touch -d '1980-01-01 00:00:00' {} +
mkdir -p dist
archive=$PWD/dist/chatpulse-$version.zip
(cd "$staging" && find chatpulse -type f | LC_ALL=C sort | TZ=UTC zip -q -X -9 "$staging/new.zip" -@)
mv "$staging/new.zip" "$archive"
echo "dist/chatpulse-$version.zip"
