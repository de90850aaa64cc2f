<?php
/**
 * Sets up the site: addresses, users, the plugin and its keys. Run by site.sh at every start; does only what is missing.
 * Prints a line `NAME value` for every key that the chat server has to know.
 */

require_once ABSPATH . 'wp-admin/includes/plugin.php';

if ( '/%postname%/' !== get_option( 'permalink_structure' ) ) {
	$GLOBALS['wp_rewrite']->set_permalink_structure( '/%postname%/' );
	flush_rewrite_rules( false );
}

foreach ( array( 'alice', 'bob', 'carol', 'dave' ) as $name ) {
	if ( ! username_exists( $name ) ) {
		$user_id = wp_insert_user(
			array(
				'user_login'   => $name,
				'user_pass'    => getenv( strtoupper( $name ) . '_PASSWORD' ),
				'user_email'   => $name . '@example.org',
				'display_name' => ucfirst( $name ),
				'role'         => 'subscriber',
			)
		);
		if ( is_wp_error( $user_id ) ) {
			throw new RuntimeException( $user_id->get_error_message() );
		}
	}
}

foreach ( array(
	'WP_API_KEY'     => 'chatpulse_api_key',
	'AUTH_SECRET'    => 'chatpulse_token_secret',
	'WEBHOOK_SECRET' => 'chatpulse_webhook_secret',
) as $variable => $option ) {
	if ( ! is_string( get_option( $option ) ) || '' === get_option( $option ) ) {
		update_option( $option, bin2hex( random_bytes( 32 ) ) );
	}
	echo $variable, ' ', get_option( $option ), "\n";
}
// Browsers come through nginx on the site's own origin; the site itself goes straight to the server.
update_option( 'chatpulse_socket_url', home_url() );
update_option( 'chatpulse_server_url', getenv( 'CHAT_URL' ) );

$plugin = 'chatpulse/chatpulse.php';
if ( file_exists( WP_PLUGIN_DIR . '/' . $plugin ) && ! is_plugin_active( $plugin ) ) {
	$error = activate_plugin( $plugin );
	if ( is_wp_error( $error ) ) {
		throw new RuntimeException( $error->get_error_message() );
	}
}
