# What run.sh and test.sh need of the machine. Sourced, not run.

# Fails with what to install; a .NET SDK and Node are what this repository asks of a machine.
need_dotnet() {
  command -v dotnet >/dev/null || { echo "The .NET SDK 10 is needed and 'dotnet' is not on the PATH." >&2; exit 1; }
  case "$(dotnet --version 2>&1)" in
    10.*) ;;
    *) echo "The .NET SDK 10 is needed; found: $(dotnet --list-sdks | tr '\n' ' ')" >&2; exit 1 ;;
  esac
}

need_node() {
  command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed: the build takes the browser client from its npm package." >&2; exit 1; }
}

# need_packages PACKAGE:PROOF...: installs the Debian packages whose proof (a command, or a file) is missing.
need_packages() {
  local entry missing=()
  for entry in "$@"; do
    case "${entry#*:}" in
      /*) [ -e "${entry#*:}" ] || missing+=("${entry%%:*}") ;;
      *) command -v "${entry#*:}" >/dev/null || missing+=("${entry%%:*}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "Installing Debian packages: ${missing[*]}"
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  # Debian asks this file whether an installed service may start; none may: what is wanted is started by its own script.
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then policy=''; else printf '#!/bin/sh\nexit 101\n' | "${root[@]}" install -m 755 /dev/stdin "$policy"; fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || status=$?
  [ -z "$policy" ] || "${root[@]}" rm -f "$policy"
  return "$status"
}

# need_wordpress: what scripts/wordpress/site.sh runs a site with. Naming php keeps Debian from choosing Apache.
need_wordpress() {
  need_packages mariadb-server:/usr/sbin/mariadbd php:php php8.2-cli:php8.2 php8.2-fpm:/usr/sbin/php-fpm8.2 nginx-light:/usr/sbin/nginx \
    php8.2-mysql:/usr/share/php8.2-mysql php8.2-curl:/usr/share/php8.2-curl php8.2-xml:/usr/share/php8.2-xml \
    php8.2-mbstring:/usr/share/php8.2-mbstring php8.2-gd:/usr/share/php8.2-gd openssl:openssl \
    wordpress:/usr/share/wordpress/wp-load.php wordpress-theme-twentytwentythree:/usr/share/wordpress/wp-content/themes/twentytwentythree
}

# need_npm FOLDER: installs what its lock file names, once a lock file.
need_npm() {
  local stamp="$1/node_modules/.installed-lock"
  cmp -s "$1/package-lock.json" "$stamp" && return
  echo "Installing npm packages of $1"
  npm --prefix "$1" ci --silent --no-audit --no-fund --ignore-scripts
  cp "$1/package-lock.json" "$stamp"
}

# quietly WHAT COMMAND...: one line when it works, everything it printed when it does not.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  echo "$what…"
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "$what failed." >&2
    return 1
  fi
  rm -f "$log"
}
