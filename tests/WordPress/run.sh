#!/usr/bin/env bash
# Runs the plugin's PHP tests in a WordPress of their own, which is gone afterwards; arguments go to PHPUnit.
# Ends with one line "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../../scripts/tools.sh
source scripts/tools.sh
need_wordpress
need_packages phpunit:phpunit

site=$(mktemp -d)
trap 'scripts/wordpress/site.sh stop "$site"; rm -rf "$site"' EXIT
quietly "Starting a WordPress" scripts/wordpress/site.sh start "$site" --parent $$

status=0
scripts/wordpress/site.sh php "$site" /usr/bin/phpunit --configuration tests/WordPress/phpunit.xml --log-junit "$site/log/tests.xml" "$@" || status=$?

# The outermost suite's attributes add up all others.
totals=$(grep -m 1 '<testsuite ' "$site/log/tests.xml" || true)
total() { grep -oE " $1=\"[0-9]+\"" <<<"$totals" | grep -oE '[0-9]+' || echo 0; }
failed=$(($(total errors) + $(total failures) + $(total warnings)))
skipped=$(total skipped)
passed=$(($(total tests) - failed - skipped))

# What PHP complained about in a request is a failure even where the answer was right.
if complaints=$(grep -hF 'wordpress/chatpulse/' "$site"/log/{wordpress,php}.log 2>/dev/null); then
  printf '\nPHP complained about the plugin:\n%s\n' "$complaints"
  failed=$((failed + 1)) status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
