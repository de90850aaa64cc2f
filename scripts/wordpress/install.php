<?php
/**
 * Installs WordPress in an empty database. Run by site.sh, with WP_INSTALLING set.
 */

// Pluggable: a site that nobody waits for has nobody to write to.
function wp_new_blog_notification() {}

require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if ( ! is_blog_installed() ) {
	wp_install( 'Chatpulse', getenv( 'ADMIN_USER' ), 'admin@example.org', true, '', getenv( 'ADMIN_PASSWORD' ) );
}
