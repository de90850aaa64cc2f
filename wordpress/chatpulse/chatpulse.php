<?php
/**
 * Plugin Name:       Chatpulse
 * Description:       Chat for the people of your site: private and group conversations, live through a Chatpulse server.
 * Version:           1.0.0
 * Requires at least: 6.1
 * Requires PHP:      8.1
 * Author:            Chatpulse
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       chatpulse
 * Domain Path:       /languages
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

const VERSION     = '1.0.0';
const PLUGIN_FILE = __FILE__;

/*
 * Chatpulse\Rest_Messages is includes/class-rest-messages.php, Chatpulse\Admin\Settings_Page is
 * includes/admin/class-settings-page.php.
 */
spl_autoload_register(
	static function ( string $name ): void {
		if ( ! str_starts_with( $name, __NAMESPACE__ . '\\' ) ) {
			return;
		}
		$parts = explode( '\\', strtolower( str_replace( '_', '-', substr( $name, strlen( __NAMESPACE__ ) + 1 ) ) ) );
		$file  = 'class-' . array_pop( $parts ) . '.php';
		$path  = __DIR__ . '/includes/' . implode( '/', array( ...$parts, $file ) );
		if ( is_file( $path ) ) {
			require $path;
		}
	}
);

Plugin::boot();
