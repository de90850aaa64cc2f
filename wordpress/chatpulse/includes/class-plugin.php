<?php
/**
 * What of the plugin hooks into WordPress, and when.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Puts the parts of the plugin together. Each part hooks itself in with its own `register()`.
 */
final class Plugin {

	/**
	 * Called once, while the plugin's main file is loaded.
	 */
	public static function boot(): void {
		Schema::register();
		Capabilities::register();
	}
}
