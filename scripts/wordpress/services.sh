# shellcheck shell=bash
# The servers of one site: their configuration, and how each is started, stopped and paused. Sourced by site.sh, which sets dir.

# pid NAME: the process that the pid file names, if it is still this site's (ids are used again). A zombie has no command line.
pid() {
  local id
  id=$(cat "$dir/run/$1.pid" 2>/dev/null) && [ -n "$id" ] && tr '\0' ' ' 2>/dev/null <"/proc/$id/cmdline" | grep -qF "$dir" && echo "$id"
}

# processes NAME: the server and its workers.
processes() {
  local id
  id=$(pid "$1") || return 0
  echo "$id" "$(cat "/proc/$id"/task/*/children 2>/dev/null || true)"
}

running() { local id; for id in "$@"; do [ -z "$(tr -d '\0' 2>/dev/null <"/proc/$id/cmdline")" ] || return 0; done; return 1; }

# end_processes ID…: asks the first, which ends its workers, and kills what is left after 10 s.
end_processes() {
  [ $# -gt 0 ] || return 0
  kill -TERM "$1" 2>/dev/null || true
  kill -CONT "$@" 2>/dev/null || true
  local round
  for round in {1..100}; do
    running "$@" || return 0
    sleep 0.1
  done
  echo "process $1 did not stop in ${round:0:2} s and is killed" >&2
  kill -KILL "$@" 2>/dev/null || true
}

stop_service() {
  # shellcheck disable=SC2046
  end_processes $(processes "$1")
  rm -f "$dir/run/$1.pid"
}

stop_all() {
  local watcher
  if watcher=$(pid parent) && [ "$watcher" != $$ ]; then kill -TERM -- "-$watcher" 2>/dev/null || true; fi
  rm -f "$dir/run/parent.pid"
  stop_service nginx
  stop_service php
  stop_service mariadb
}

control() {
  case "$1" in mariadb | php | nginx) ;; *) refuse "no such service: $1" ;; esac
  local ids
  read -ra ids <<<"$(processes "$1")"
  case "$2" in
    start) "start_$1" || refuse "$1 did not start; see $dir/log" ;;
    stop) stop_service "$1" ;;
    pause | resume)
      [ ${#ids[@]} -gt 0 ] || refuse "$1 does not run"
      if [ "$2" = pause ]; then kill -STOP "${ids[@]}"; else kill -CONT "${ids[@]}"; fi
      ;;
    *) refuse "no such action: $2" ;;
  esac
}

# wait_until WHAT COMMAND…: for as long as a busy machine may take.
wait_until() {
  local what=$1 round
  shift
  for round in {1..600}; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  refuse "$what did not start in $((round / 10)) s; see $dir/log"
}

# mariadb_decided ID: it answers, or it has given up.
mariadb_decided() { mariadb-admin --defaults-file="$dir/etc/my.cnf" ping || ! running "$1"; }

start_mariadb() {
  [ -z "$(pid mariadb)" ] || return 0
  if [ ! -d "$dir/mariadb" ]; then
    rm -rf "$dir/mariadb.new"
    mariadb-install-db --defaults-file="$dir/etc/my.cnf" --datadir="$dir/mariadb.new" --auth-root-authentication-method=normal \
      --skip-test-db --skip-name-resolve >"$dir/log/install.log" 2>&1 || { tail -n 20 "$dir/log/install.log" >&2; refuse "the database could not be made"; }
    mv "$dir/mariadb.new" "$dir/mariadb"
  fi
  setsid mariadbd --defaults-file="$dir/etc/my.cnf" </dev/null >>"$dir/log/mariadb.log" 2>&1 9>&- &
  local id=$!
  wait_until MariaDB mariadb_decided "$id"
  running "$id" || { tail -n 10 "$dir/log/mariadb.log" >&2; refuse "MariaDB did not start"; }
}

start_php() {
  [ -z "$(pid php)" ] || return 0
  local as_root=()
  [ "$(id -u)" -ne 0 ] || as_root=(-R)
  php-fpm8.2 --fpm-config "$dir/etc/php-fpm.conf" "${as_root[@]}" </dev/null >>"$dir/log/php-fpm.log" 2>&1 9>&- ||
    { tail -n 5 "$dir/log/php-fpm.log" >&2; refuse "PHP did not start"; }
  wait_until PHP pid php
}

# Fails, with the reason in its log, when it cannot listen.
start_nginx() {
  [ -z "$(pid nginx)" ] || return 0
  nginx -p "$dir" -c "$dir/etc/nginx.conf" -e "$dir/log/nginx.log" </dev/null >>"$dir/log/nginx.log" 2>&1 9>&- || return 1
  wait_until nginx pid nginx
}

reload_nginx() { local id; ! id=$(pid nginx) || kill -HUP "$id"; }

root_sql() { mariadb --defaults-file="$dir/etc/my.cnf" --batch --execute "$1" ${2:+"$2"}; }

# run_php PRELUDE FILE [ARG…]: the prelude loads WordPress where a script of its own would: in the global scope.
run_php() {
  local prelude=$1
  shift
  php8.2 -d auto_prepend_file="$dir/etc/$prelude" -d error_log="$dir/log/php.log" -d sendmail_path="cat >>'$dir/log/mail'" "$@"
}

write_configuration() {
  local certificate=$1 key=$2 root_only=''
  [ "$(id -u)" -ne 0 ] || root_only=yes
  write_wordpress_configuration
  cat >"$dir/etc/my.cnf" <<TEXT
[client]
socket = $dir/run/mariadb.sock
user = root

[mariadbd]
${root_only:+user = root}
datadir = $dir/mariadb
socket = $dir/run/mariadb.sock
pid-file = $dir/run/mariadb.pid
skip-networking
skip-name-resolve
character-set-server = utf8mb4
innodb_flush_log_at_trx_commit = 1
innodb_buffer_pool_size = 128M
innodb_log_file_size = 32M
TEXT
  cat >"$dir/etc/php-fpm.conf" <<TEXT
[global]
pid = "$dir/run/php.pid"
error_log = "$dir/log/php-fpm.log"
log_limit = 8192

[www]
${root_only:+user = root}
${root_only:+group = root}
listen = "$dir/run/php.sock"
listen.backlog = 511
pm = static
pm.max_children = 4
catch_workers_output = yes
request_terminate_timeout = 120s
php_admin_value[auto_prepend_file] = "$dir/etc/abspath.php"
php_admin_value[error_log] = "$dir/log/php.log"
php_admin_value[sendmail_path] = "cat >>'$dir/log/mail'"
php_admin_flag[opcache.enable] = on
php_admin_value[upload_max_filesize] = 16M
php_admin_value[post_max_size] = 20M
TEXT
  write_nginx_configuration
}

# The Debian files stay where they are. ABSPATH, set before any of them runs, makes them look for wp-config.php in this site.
write_wordpress_configuration() {
  echo "<?php define( 'ABSPATH', '$dir/www/' );" >"$dir/etc/abspath.php"
  cat >"$dir/etc/load.php" <<TEXT
<?php
require '$dir/etc/abspath.php';
\$_SERVER['HTTP_HOST'] = '127.0.0.1:$(setting NGINX_PORT)';
require ABSPATH . 'wp-load.php';
TEXT
  cat >"$dir/etc/installing.php" <<TEXT
<?php
define( 'WP_INSTALLING', true );
require '$dir/etc/load.php';
TEXT
  cat >"$dir/www/wp-config.php" <<TEXT
<?php
define( 'DB_NAME', '$(setting DB_NAME)' );
define( 'DB_USER', '$(setting DB_USER)' );
define( 'DB_PASSWORD', '$(setting DB_PASSWORD)' );
define( 'DB_HOST', 'localhost:$(setting MYSQL_SOCKET)' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
\$table_prefix = 'wp_';
require '$dir/etc/salts.php';

\$site = empty( \$_SERVER['HTTPS'] ) ? '$(setting SITE_URL)' : '$(setting TLS_URL)';
define( 'WP_HOME', \$site );
define( 'WP_SITEURL', \$site );
// One login for both addresses, as a site with one name has it.
define( 'COOKIEHASH', md5( '$(setting SITE_URL)' ) );
define( 'WP_CONTENT_DIR', '$dir/www/wp-content' );
define( 'WP_CONTENT_URL', \$site . '/wp-content' );

// Nothing leaves this machine, and nothing happens that no request asked for.
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_AUTO_UPDATE_CORE', false );
define( 'FS_METHOD', 'direct' );

define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '$dir/log/wordpress.log' );

require_once ABSPATH . 'wp-settings.php';
TEXT
}

# The file that site owners include, with nothing changed but the chat server's address.
write_chat_proxy() { sed "s|http://127\.0\.0\.1:3001|$(setting CHAT_URL)|" "$repository/docs/nginx/chatpulse.conf" >"$dir/etc/chatpulse.conf"; }

write_nginx_configuration() {
  write_chat_proxy
  cat >"$dir/etc/nginx.conf" <<TEXT
${root_only:+user root;}
worker_processes 1;
pid "$dir/run/nginx.pid";
error_log "$dir/log/nginx.log";
events { worker_connections 4096; }
http {
    include /etc/nginx/mime.types;
    access_log "$dir/log/access.log";
    client_body_temp_path "$dir/run/nginx-body";
    proxy_temp_path "$dir/run/nginx-proxy";
    fastcgi_temp_path "$dir/run/nginx-fastcgi";
    uwsgi_temp_path "$dir/run/nginx-uwsgi";
    scgi_temp_path "$dir/run/nginx-scgi";
    upstream php { server "unix:$dir/run/php.sock"; }
    server {
        listen 127.0.0.1:$(setting NGINX_PORT);
        ${certificate:+listen 127.0.0.1:$(setting TLS_PORT) ssl; ssl_certificate \"$certificate\"; ssl_certificate_key \"$key\";}
        root "$dir/www";
        index index.php;
        client_max_body_size 20m;
        include "$dir/etc/chatpulse.conf";
        location / { try_files \$uri \$uri/ /index.php?\$args; }
        location ~ /\. { return 404; }
        location ~ ^/wp-content/uploads/.*\.php\$ { return 404; }
        location ~ \.php\$ {
            try_files \$uri =404;
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
            # With its port, or WordPress redirects to itself for ever.
            fastcgi_param HTTP_HOST \$host:\$server_port;
            fastcgi_read_timeout 120s;
            fastcgi_pass php;
        }
    }
}
TEXT
}
