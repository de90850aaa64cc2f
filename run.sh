#!/usr/bin/env bash
# Starts the chat server on port 3001 (or PORT). --aot: as one native binary. --wordpress: with a WordPress site beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

usage() {
  cat <<'TEXT'
Usage: ./run.sh [--aot] [--wordpress]

  (nothing)     builds the server and starts it
  --aot         builds a native binary (takes some minutes the first time) and starts that
  --wordpress   makes a WordPress site with the plugin, sample users and a conversation in DATA_DIR/wordpress, starts it
                and the server that stores through it, and prints what to try it with; Ctrl-C stops both

Settings come from the environment and from the file .env; .env.example lists them all.
TEXT
}

aot='' wordpress=''
for flag in "$@"; do
  case "$flag" in
    --aot) aot=yes ;;
    --wordpress) wordpress=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

need_dotnet
need_node
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if [ -n "$aot" ]; then
  need_packages gcc:gcc zlib1g-dev:/usr/include/zlib.h
  out=artifacts/aot
  quietly "Building the native binary" dotnet publish src/Chatpulse.Server -c Release -r linux-x64 -p:PublishAot=true -o "$out"
  server=("$out/Chatpulse.Server")
else
  quietly "Building" dotnet build src/Chatpulse.Server -c Release
  server=(dotnet src/Chatpulse.Server/bin/Release/net10.0/Chatpulse.Server.dll)
fi

[ -n "$wordpress" ] || exec "${server[@]}"

# given NAME DEFAULT: a setting as the server will read it.
given() {
  local value=${!1-}
  [ -n "$value" ] || value=$(sed -n "s/^$1=//p" .env 2>/dev/null | tail -n 1)
  echo "${value:-$2}"
}

site=$(given DATA_DIR ./data)/wordpress
export PORT
PORT=$(given PORT 3001)
mkdir -p "$site"
quietly "Starting WordPress" scripts/wordpress/site.sh start "$site" --chat-url "http://127.0.0.1:$PORT" --parent $$
trap 'scripts/wordpress/site.sh stop "$site"' EXIT
quietly "Preparing the sample conversation" scripts/wordpress/site.sh php "$site" scripts/wordpress/sample.php
# shellcheck source=/dev/null
source "$site/site.env"

cat <<TEXT

  The chat         $SITE_URL/chat/
  Sign in as       alice   $ALICE_PASSWORD
                   bob     $BOB_PASSWORD
                   carol   $CAROL_PASSWORD
  Administration   $SITE_URL/wp-admin/ as $ADMIN_USER   $ADMIN_PASSWORD

  Two browsers, or one and a private window, make two users. Everything is kept in $site.

TEXT

export WP_BASE_URL WP_API_KEY
AUTH_MODE=$(given AUTH_MODE token) AUTH_SECRET=$AUTH_SECRET WEBHOOK_SECRET=$WEBHOOK_SECRET setpriv --pdeathsig TERM "${server[@]}" &
# A background process does not hear Ctrl-C, so it is told; the site goes after the server, which still writes to it.
told=''
trap 'told=yes; kill -TERM $! 2>/dev/null || true' INT TERM
status=0
wait $! || status=$?
# A signal ends the waiting, not the server.
while [ -n "$told" ]; do
  told='' status=0
  wait $! || status=$?
done
exit "$status"
