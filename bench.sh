#!/usr/bin/env bash
# Measures the server beside what it is compared with, in one run on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

usage() {
  cat <<'TEXT'
Usage: ./bench.sh wordpress [--quick]

  wordpress   messages stored through a real WordPress: a second, and the time to message_id_mapping, at 1, 16 and 200 senders,
              beside a server that asks for access and then posts, one call after the other. About 5 minutes.
  --quick     shorter, and noisier: about 2 minutes

Prints a table and writes bench/results/. bench/README.md says how to read it.
TEXT
}

case "${1-}" in
  wordpress) ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac
case "${2-}" in
  '' | --quick) ;;
  *) usage >&2; exit 2 ;;
esac

need_dotnet
need_node
need_wordpress
need_npm bench
quietly "Building" dotnet build src/Chatpulse.Server -c Release
exec node bench/wordpress/run.mjs "${@:2}"
