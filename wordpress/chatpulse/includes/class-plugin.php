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
		Network::register();
		Chat_Roles::register();
		Personal_Data::register();
		Departed_Users::register();
		Attachments::register();
		Webhooks::register();
		Sign_Outs::register();
		Rest_Api::register();
		Chat_Block::register();
		if ( is_admin() ) {
			Admin\Settings::register();
			Admin\Settings_Page::register();
		}
		Admin\Site_Health::register();
		Cli\Commands::register();
	}
}
