#!/usr/bin/env bash
# Collects what translators translate into wordpress/chatpulse/languages/chatpulse.pot.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=../tools.sh
source scripts/tools.sh

usage() {
  cat <<'TEXT'
Usage: scripts/wordpress/pot.sh [--check]

  (nothing)   writes the file
  --check     says whether the file is up to date, and fails if it is not
TEXT
}

case "${1-}" in
  '' | --check) ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

need_packages gettext:xgettext php8.2-cli:php8.2
pot=$PWD/wordpress/chatpulse/languages/chatpulse.pot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R wordpress/chatpulse "$work/chatpulse"
cd "$work/chatpulse"

# WordPress translates these too, by functions of its own.
# shellcheck disable=SC2016
php8.2 -r '
  $call = static fn( $function, ...$texts ) => $function . "( " . implode( ", ", array_map( static fn( $text ) => var_export( $text, true ), $texts ) ) . " );\n";
  preg_match( "/^ \* Description: +(.*)$/m", file_get_contents( "chatpulse.php" ), $description );
  $out = "<?php\n" . $call( "__", $description[1] );
  foreach ( glob( "blocks/*/block.json" ) as $file ) {
    $block = json_decode( file_get_contents( $file ), true );
    $out  .= $call( "_x", $block["title"], "block title" ) . $call( "_x", $block["description"], "block description" );
    foreach ( $block["keywords"] ?? array() as $keyword ) {
      $out .= $call( "_x", $keyword, "block keyword" );
    }
  }
  file_put_contents( "metadata.php", $out );'

cat >chatpulse.pot <<'TEXT'
# This file may be distributed under the same license as the Chatpulse plugin.
msgid ""
msgstr ""
"Project-Id-Version: Chatpulse\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\n"
"X-Domain: chatpulse\n"

TEXT
# find_texts NAME LANGUAGE KEYWORD...: those of all files whose names end so.
find_texts() {
  local name=$1 language=$2
  shift 2
  find . -name "*.$name" ! -path "./assets/*" | LC_ALL=C sort | sed 's#^\./##' |
    xgettext --language="$language" --keyword "$@" --from-code=UTF-8 --add-comments=translators --add-location=file --force-po --files-from=- -o "$work/$name.po"
  # It says so only where a text needs it.
  sed -i 's/charset=CHARSET/charset=UTF-8/' "$work/$name.po"
}
find_texts php PHP --keyword={__,_e,esc_html__,esc_html_e,esc_attr__,esc_attr_e} --keyword={_x,esc_html_x,esc_attr_x}:1,2c --keyword=_n:1,2
find_texts js JavaScript --keyword={__,_e} --keyword=_x:1,2c --keyword=_n:1,2
# Its own header has the time in it; ours, above, has nothing that changes by itself.
msgcat --use-first --sort-by-file --no-wrap "$work/php.po" "$work/js.po" | sed '1,/^$/d' >>chatpulse.pot
msgfmt --check-format -o /dev/null chatpulse.pot

if [ "${1-}" = --check ]; then
  diff -u "$pot" chatpulse.pot && echo "languages/chatpulse.pot is up to date."
  exit
fi
mkdir -p "$(dirname "$pot")"
cp chatpulse.pot "$pot"
echo "wordpress/chatpulse/languages/chatpulse.pot: $(grep -c '^msgid' "$pot") texts"
