#!/usr/bin/env bash
# Starts the chat server on port 3001 (or PORT). --aot: as one native binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

usage() {
  cat <<'TEXT'
Usage: ./run.sh [--aot]

  (nothing)   builds the server and starts it
  --aot       builds a native binary (takes some minutes the first time) and starts that

Settings come from the environment and from the file .env; .env.example lists them all.
TEXT
}

case "${1-}" in
  '') mode=jit ;;
  --aot) mode=aot ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

need_dotnet
need_node
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if [ "$mode" = aot ]; then
  need_packages gcc:gcc zlib1g-dev:/usr/include/zlib.h
  out=artifacts/aot
  quietly "Building the native binary" dotnet publish src/Chatpulse.Server -c Release -r linux-x64 -p:PublishAot=true -o "$out"
  exec "$out/Chatpulse.Server"
fi

quietly "Building" dotnet build src/Chatpulse.Server -c Release
exec dotnet src/Chatpulse.Server/bin/Release/net10.0/Chatpulse.Server.dll
