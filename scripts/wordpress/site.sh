#!/usr/bin/env bash
# A WordPress of its own in one folder: MariaDB, PHP and nginx on loopback, nothing shared with the machine's own services.
set -euo pipefail
# Where Debian keeps servers; not everybody's path has it.
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
# shellcheck source=../tools.sh
source "$repository/scripts/tools.sh"
# shellcheck source=services.sh
source "$here/services.sh"

usage() {
  cat <<'TEXT'
Usage: scripts/wordpress/site.sh COMMAND DIR [ARGUMENT…]

  start DIR [--port N] [--tls CERTIFICATE KEY] [--chat-url URL] [--parent PID]
                           makes the site (the first time) and starts it; waits until it answers
      --port N             port of the site; default: the one it had, or any free one
      --tls CERT KEY       serves the site over https as well, on a port of its own (TLS_PORT)
      --chat-url URL       where the chat server listens; default: the one it had, or http://127.0.0.1:3001
      --parent PID         stops the site when that process is gone
  stop DIR                 stops everything that start started
  php DIR FILE [ARG…]      runs a PHP file with WordPress loaded
  sql DIR STATEMENT        runs SQL in the site's database
  chat-url DIR URL         tells the plugin, and nginx, where the chat server listens
  service DIR NAME ACTION  NAME: mariadb, php or nginx; ACTION: start, stop, pause or resume

Addresses, keys and passwords are printed and kept in DIR/site.env; process ids are in DIR/run/, logs in DIR/log/.
TEXT
}

refuse() { echo "site.sh: $*" >&2; exit 2; }

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# setting NAME: what DIR/site.env says, or nothing.
setting() { [ ! -f "$dir/site.env" ] || sed -n "s/^$1='\(.*\)'\$/\1/p" "$dir/site.env"; }

remember() {
  local rest
  rest=$([ ! -f "$dir/site.env" ] || grep -v "^$1=" "$dir/site.env" || true)
  (umask 077 && printf '%s\n' ${rest:+"$rest"} "$1='$2'" >"$dir/site.env.new")
  mv "$dir/site.env.new" "$dir/site.env"
}

make_folders() {
  mkdir -p "$dir"/{etc,log,run,www/wp-content/{plugins,themes,uploads}}
  chmod 700 "$dir"
  local entry
  for entry in /usr/share/wordpress/*; do
    case "${entry##*/}" in
      wp-config* | wp-content) ;;
      *) ln -sfn "$entry" "$dir/www/${entry##*/}" ;;
    esac
  done
  ln -sfn /usr/share/wordpress/wp-content/themes/twentytwentythree "$dir/www/wp-content/themes/twentytwentythree"
  ln -sfn "$repository/wordpress/chatpulse" "$dir/www/wp-content/plugins/chatpulse"
}

make_settings() {
  local name
  [ -n "$(setting DB_PASSWORD)" ] || {
    remember DB_NAME wordpress
    remember DB_USER wordpress
    remember MYSQL_SOCKET "$dir/run/mariadb.sock"
    remember ADMIN_USER admin
    for name in ADMIN ALICE BOB CAROL DAVE DB; do remember "${name}_PASSWORD" "$(random_hex 12)"; done
  }
  [ -f "$dir/etc/salts.php" ] || {
    echo '<?php'
    for name in AUTH SECURE_AUTH LOGGED_IN NONCE; do
      echo "define( '${name}_KEY', '$(random_hex 32)' );"
      echo "define( '${name}_SALT', '$(random_hex 32)' );"
    done
  } >"$dir/etc/salts.php"
}

# free_port [PREFERRED]: that one if nobody has it, or one of those that the system gives to nobody's outgoing connection.
free_port() {
  # shellcheck disable=SC2016
  php8.2 -r '
    $port = (int) ( $argv[1] ?? 0 );
    while ( ! $port || ! @stream_socket_server( "tcp://127.0.0.1:$port" ) ) { $port = random_int( 10100, 32767 ); }
    echo $port;' "${1-}"
}

# take_address PORT: nginx comes first, so that no one else gets the port while the rest is made. Between finding a port free
# and listening on it somebody may have taken it: then another one is tried, unless it had to be this one.
take_address() {
  local port=$1 attempt
  for attempt in {1..5}; do
    [ -n "$1" ] || port=$(free_port "$([ "$attempt" -gt 1 ] || setting NGINX_PORT)")
    remember NGINX_PORT "$port"
    remember SITE_URL "http://127.0.0.1:$port"
    remember WP_BASE_URL "http://127.0.0.1:$port/wp-json"
    if [ -n "$certificate" ]; then
      remember TLS_PORT "$(free_port "$([ "$attempt" -gt 1 ] || setting TLS_PORT)")"
      remember TLS_URL "https://127.0.0.1:$(setting TLS_PORT)"
    fi
    write_configuration "$certificate" "$key"
    ! start_nginx || return 0
    [ -z "$1" ] || break
  done
  tail -n 5 "$dir/log/nginx.log" >&2
  refuse "nginx did not start on port $port"
}

make_database() {
  [ ! -f "$dir/etc/installed" ] || return 0
  echo "Installing WordPress…"
  root_sql "CREATE DATABASE IF NOT EXISTS $(setting DB_NAME) CHARACTER SET utf8mb4;
    CREATE OR REPLACE USER '$(setting DB_USER)'@'localhost' IDENTIFIED BY '$(setting DB_PASSWORD)';
    GRANT ALL ON $(setting DB_NAME).* TO '$(setting DB_USER)'@'localhost'"
  ADMIN_USER=$(setting ADMIN_USER) ADMIN_PASSWORD=$(setting ADMIN_PASSWORD) run_php installing.php "$here/install.php" >>"$dir/log/install.log" 2>&1 ||
    { tail -n 20 "$dir/log/install.log" >&2; refuse "WordPress could not be installed"; }
  touch "$dir/etc/installed"
}

# What the plugin was told last wins over site.env: an administrator may have changed a key on the settings page.
set_up_plugin() {
  local name answer
  for name in ALICE BOB CAROL DAVE; do export "${name}_PASSWORD=$(setting "${name}_PASSWORD")"; done
  answer=$(CHAT_URL=$(setting CHAT_URL) run_php load.php "$here/setup.php") || { echo "$answer" >&2; refuse "the site could not be set up; see $dir/log"; }
  while read -r name answer; do remember "$name" "$answer"; done <<<"$answer"
}

# A first answer also fills PHP's cache of compiled files.
wait_for_site() {
  # shellcheck disable=SC2016
  php8.2 -r '
    for ( $end = time() + 60; time() < $end; usleep( 100000 ) ) {
      $answer = @file_get_contents( $argv[1] . "/", false, stream_context_create( array( "http" => array( "timeout" => 30 ) ) ) );
      if ( is_array( json_decode( (string) $answer, true ) ) ) { exit( 0 ); }
    }
    exit( 1 );' "$(setting WP_BASE_URL)" || { tail -n 5 "$dir"/log/*.log >&2; refuse "the site does not answer at $(setting SITE_URL)"; }
}

# In a process group of its own, so that stop ends the waiting too.
watch_parent() {
  # shellcheck disable=SC2016
  setsid bash -c 'tail --pid="$1" -f /dev/null; exec "$2" stop "$3"' site-parent "$1" "$here/site.sh" "$dir" </dev/null >/dev/null 2>&1 9>&- &
  echo $! >"$dir/run/parent.pid"
}

start() {
  local port='' certificate='' key='' chat_url='' parent=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --port) port=${2-}; [[ $port =~ ^[1-9][0-9]{0,4}$ ]] && [ "$port" -lt 65536 ] || refuse "--port takes a port number"; shift 2 ;;
      --tls) certificate=${2-} key=${3-}; [ -f "$certificate" ] && [ -f "$key" ] || refuse "--tls takes a certificate's and a key's file"; shift 3 ;;
      --chat-url) chat_url=${2-}; shift 2 ;;
      --parent) parent=${2-}; [[ $parent =~ ^[1-9][0-9]*$ ]] && kill -0 "$parent" 2>/dev/null || refuse "--parent takes the id of a running process"; shift 2 ;;
      *) usage >&2; refuse "unknown argument: $1" ;;
    esac
  done
  chat_url=${chat_url:-$(setting CHAT_URL)}
  chat_url=${chat_url:-http://127.0.0.1:3001}
  check_chat_url "$chat_url"

  need_wordpress
  "$repository/package-plugin.sh" --assets-only
  make_folders
  stop_all
  # Half a site is of no use to anybody.
  trap stop_all EXIT
  [ -z "$parent" ] || watch_parent "$parent"
  make_settings
  remember CHAT_URL "$chat_url"
  take_address "$port"
  start_mariadb
  make_database
  set_up_plugin
  start_php
  wait_for_site
  trap - EXIT
  cat "$dir/site.env"
}

check_chat_url() { [[ $1 =~ ^https?://[A-Za-z0-9.:-]+$ ]] || refuse "the chat server's address is http(s)://host[:port], not '$1'"; }

change_chat_url() {
  check_chat_url "$1"
  remember CHAT_URL "$1"
  set_up_plugin
  write_chat_proxy
  reload_nginx
}

case "${1-}" in
  -h | --help) usage; exit 0 ;;
  start | stop | php | sql | service | chat-url) [ -n "${2-}" ] || { usage >&2; exit 2; } ;;
  *) usage >&2; exit 2 ;;
esac
command=$1
[ "$command" != start ] || mkdir -p "$2"
dir=$(cd "$2" 2>/dev/null && pwd -P) || refuse "there is no folder $2"
shift 2
[[ $dir =~ ^[A-Za-z0-9/._@+-]+$ ]] || refuse "the folder's name has a character that a configuration file would misread: $dir"
# The socket's address has room for 107 bytes.
[ ${#dir} -le 85 ] || refuse "the folder's path is too long for a socket in it: $dir"
[ "$command" = start ] || [ -f "$dir/site.env" ] || refuse "$dir is no site; start makes one"

case "$command" in
  start | stop | service | chat-url)
    exec 9>"$dir/.lock"
    flock 9
    ;;
esac
case "$command" in
  start) start "$@" ;;
  stop) stop_all ;;
  php) [ $# -gt 0 ] || refuse "php takes a file"; run_php load.php "$@" ;;
  sql) [ $# -eq 1 ] || refuse "sql takes one statement"; root_sql "$1" "$(setting DB_NAME)" ;;
  chat-url) [ $# -eq 1 ] || refuse "chat-url takes one address"; change_chat_url "$1" ;;
  service) [ $# -eq 2 ] || refuse "service takes a name and an action"; control "$@" ;;
esac
