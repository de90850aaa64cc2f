#!/usr/bin/env bash
# Runs every test; ends with one line "N passed, N failed, N skipped" and fails when one failed.
# What failed is told again just before that line, so that the end of a long log is enough.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit
# shellcheck source=scripts/tools.sh
source scripts/tools.sh
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

passed=0 failed=0 skipped=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# figure FILE PATTERN: the number behind the last line that matches.
figure() { grep -E "$2" "$1" | tail -n 1 | grep -oE '[0-9]+' | tail -n 1; }

# count RUNNER STATUS PASSED FAILED SKIPPED: a runner that fails without naming a failed test counts as one.
count() {
  local bad=${4:-0}
  [ "$2" -eq 0 ] || [ "$bad" -gt 0 ] || { bad=1; echo "$1 ended with status $2 and named no failed test." >>"$logs/unnamed"; }
  [ "$2" -ne 0 ] || [ "${3:-0}" -gt 0 ] || { bad=1; echo "$1 ran no test." >>"$logs/unnamed"; }
  passed=$((passed + ${3:-0})) failed=$((failed + bad)) skipped=$((skipped + ${5:-0}))
}

# dotnet_tests NAME ARGUMENT...: of the solution, or of a project.
dotnet_tests() {
  local log="$logs/dotnet-$1"
  dotnet test "${@:2}" --no-build -c Release --max-parallel-test-modules 1 2>&1 | tee "$log"
  count "dotnet test ($1)" "${PIPESTATUS[0]}" "$(figure "$log" '^ *succeeded: ')" "$(figure "$log" '^ *failed: ')" "$(figure "$log" '^ *skipped: ')"
}

# node_tests LOG FILE...: what it prints goes to the log as well.
node_tests() {
  node --test --test-concurrency=1 --test-reporter=spec "${@:2}" 2>&1 | tee "$logs/$1"
  return "${PIPESTATUS[0]}"
}

count_node_tests() {
  count "node --test ($1)" "$2" "$(figure "$logs/$1" '^ℹ pass ')" "$(figure "$logs/$1" '^ℹ fail ')" "$(figure "$logs/$1" '^ℹ skipped ')"
}

count_wordpress_tests() {
  local figures
  read -ra figures <<<"$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$logs/wordpress" | tail -n 1 | tr -dc '0-9 ')"
  count "tests/WordPress/run.sh" "$1" "${figures[@]}"
}

# aside: what shares nothing with the other tests and keeps a processor busy, in the time in which those only wait; politely, so that none of them is late for it.
aside() {
  local wordpress=0 native=0
  renice -n 10 -p "$BASHPID" >/dev/null
  tests/WordPress/run.sh >"$logs/wordpress" 2>&1 || wordpress=$?
  node_tests native tests/Conformance/clients/aot.test.mjs >/dev/null || native=$?
  echo "$wordpress $native" >"$logs/aside"
}

# failures: what the runners said of each failed test: the beginning and the end of it, 60 lines at most, about 300 in all.
failures() {
  {
    # A failed test, or a test program that failed as a whole, is a line in the first column; what follows it is indented.
    awk 'FNR == 1 { inside = 0 } /^[^ ]/ { inside = /^failed / || / failed with / || (inside && /^Exit code: /) }
         inside { print (/^failed / || / failed with / ? "\f" : "") $0 }' "$logs"/dotnet-*
    awk 'FNR == 1 { inside = 0 } /^test at / && inside { printf "\f" } inside { print } /^✖ failing tests:/ { inside = 1 }' "$logs/node" "$logs/native"
    awk '/^[0-9]+\) / || /^PHP complained/ { inside = 1; printf "\f" } /^(FAILURES|ERRORS|WARNINGS)!$/ { inside = 0 } inside { print }' "$logs/wordpress"
  } | awk 'BEGIN { RS = "\f"; FS = "\n"; left = 300 }
    {
      most = left > 60 ? 60 : left > 3 ? left : 3
      cut = NF - 1 - most
      for (i = 1; i < NF; i++) {
        if (cut > 0 && i == int(most * 2 / 3) + 1) { print "  … " cut " lines left out"; i += cut }
        print substr($i, 1, 500)
        left--
      }
    }'
  [ ! -e "$logs/unnamed" ] || cat "$logs/unnamed"
}

prepare() {
  need_dotnet && need_node &&
    need_packages chromium:chromium gcc:gcc zlib1g-dev:/usr/include/zlib.h phpunit:phpunit &&
    need_wordpress &&
    need_npm web && need_npm tests/Conformance/clients &&
    quietly "Building" dotnet build Chatpulse.slnx -c Release
}

if prepare; then
  touch "$logs/wordpress" "$logs/native"
  # A process group of its own, of which nothing is left when this ends.
  set -m
  aside </dev/null &
  aside=$!
  set +m
  trap 'kill -- "-$aside" 2>/dev/null; wait; rm -rf "$logs"' EXIT
  dotnet_tests all --solution Chatpulse.slnx

  # The libraries once more, over event loops in place of the framework's sockets; what stands on them uses the loops anyway.
  for project in EngineIO SocketIO; do
    TEST_TRANSPORT=epoll dotnet_tests "$project over epoll" --project "tests/$project.Tests"
  done
  files=() status=0 wordpress=1 native=1
  for file in web/test/*.test.mjs tests/Conformance/clients/*.test.mjs; do
    [ "${file##*/}" = aot.test.mjs ] || files+=("$file")
  done
  node_tests node "${files[@]}" || status=$?
  count_node_tests node "$status"
  wait "$aside"
  trap 'rm -rf "$logs"' EXIT
  cat "$logs/wordpress" "$logs/native"
  [ ! -e "$logs/aside" ] || read -r wordpress native <"$logs/aside"
  count_wordpress_tests "$wordpress"
  count_node_tests native "$native"
  [ "$failed" -eq 0 ] || failures
else
  failed=1
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
