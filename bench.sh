#!/usr/bin/env bash
# Measures the server beside what it is compared with, in one run on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

usage() {
  cat <<'TEXT'
Usage: ./bench.sh [--quick] [--only=SCENARIO,...]
       ./bench.sh --again=SCENARIO,...
       ./bench.sh soak [--minutes=N]
       ./bench.sh micro [ARGUMENT...]
       ./bench.sh wordpress [--quick]

  (nothing)   the hot path: fan-out, echoes, handshakes, idle connections and more, beside Socket.IO's official server on uWebSockets.js,
              Bun and ws, SignalR, and a bare Kestrel WebSocket. About an hour; --quick: less than 2, fewer scenarios, and noisier.
              --only runs some of the scenarios and writes no report; --again puts them into the last one.
  soak        memory of this server while 200 clients a second come, join, talk, and drop without a word: 20 minutes, or as many as you say.
  micro       parts of the hot path alone, without a network: codecs, queue, fan-out, echo. The arguments are BenchmarkDotNet's. About 2 minutes.
  wordpress   messages stored through a real WordPress: a second, and the time to message_id_mapping, at 1, 16 and 200 senders,
              beside a server that asks for access and then posts, one call after the other. About 5 minutes; --quick: about 2.

Prints tables and writes bench/results/. bench/README.md says how to read it.
TEXT
}

# One after the other: a solution that does not name the libraries would build them without optimization, whatever is asked of it. The analyzers
# are ./test.sh's.
build_each() {
  local project
  for project; do dotnet build "$project" -c Release -p:RunAnalyzers=false || return; done
}

what=hotpath
case "${1-}" in
  micro | soak | wordpress) what=$1; shift ;;
esac
for argument; do
  case "$what $argument" in
    'hotpath --quick' | 'hotpath --only='* | 'hotpath --again='* | 'soak --minutes='* | 'wordpress --quick') ;;
    'micro '*) break ;;
    *' -h' | *' --help') usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

# Before anything is built for nothing.
if [ "$what" = hotpath ] && [ "$(nproc)" -lt 2 ]; then
  echo "Two processor cores are needed: one for the server, one for the load generator." >&2
  exit 2
fi
files=$(ulimit -Hn)
case "$what" in
  hotpath | soak)
    if [ "$files" != unlimited ] && [ "$files" -lt 3000 ]; then
      echo "At least 3,000 open files are needed, and this shell's hard limit is $files (ulimit -Hn)." >&2
      exit 2
    fi
    ;;
esac

need_dotnet
if [ "$what" = micro ]; then
  quietly "Building" dotnet build bench/Micro -c Release
  exec dotnet bench/Micro/bin/Release/net10.0/Micro.dll bench/results "$@"
fi
need_node
need_npm bench
# Twenty thousand connections are as many open files; fewer are measured where there may be no more, but some scenarios have two thousand.
ulimit -n "$files"
case "$what" in
  hotpath | soak)
    need_packages util-linux:taskset
    quietly "Building" build_each bench/LoadGenerator bench/SocketIOHost bench/peers/SignalR bench/peers/KestrelWebSocket
    ;;
  wordpress)
    need_wordpress
    quietly "Building" dotnet build src/Chatpulse.Server -c Release
    ;;
esac
exec node "bench/$what/run.mjs" "$@"
