<?php
/**
 * What is deleted with the plugin.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Deletes what the plugin made, on the sites that asked for it. Without the setting, conversations outlive the plugin; and nothing
 * is ever deleted when it is only deactivated.
 */
final class Uninstaller {

	/** The option: '1' deletes the conversations and settings of the site when the plugin is deleted. */
	public const OPTION = 'chatpulse_delete_data';

	/**
	 * Called by uninstall.php.
	 */
	public static function run(): void {
		if ( ! is_multisite() ) {
			self::clear_site();
			return;
		}
		Network::each_site( array( self::class, 'clear_site' ) );
	}

	/**
	 * Deletes the current site's data if its setting says so.
	 */
	public static function clear_site(): void {
		if ( ! get_option( self::OPTION ) ) {
			return;
		}
		self::delete_files();
		Schema::drop();
		self::delete_options();
	}

	/**
	 * Deletes the files that people have attached.
	 */
	private static function delete_files(): void {
		if ( Schema::VERSION === get_option( Schema::VERSION_OPTION ) ) {
			Attachments::delete_files( array_column( Database::rows( 'SELECT file_path FROM ' . Schema::table( 'attachments' ) ), 'file_path' ) );
		}
		require_once ABSPATH . 'wp-admin/includes/file.php';
		if ( WP_Filesystem() ) {
			$GLOBALS['wp_filesystem']->delete( wp_upload_dir( null, false )['basedir'] . '/' . Attachments::FOLDER, true );
		}
	}

	/**
	 * Deletes every option and transient of the plugin: all their names begin with its own.
	 */
	private static function delete_options(): void {
		global $wpdb;
		$names = $wpdb->get_col(
			$wpdb->prepare(
				"SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s OR option_name LIKE %s OR option_name LIKE %s",
				$wpdb->esc_like( 'chatpulse_' ) . '%',
				$wpdb->esc_like( '_transient_chatpulse_' ) . '%',
				$wpdb->esc_like( '_transient_timeout_chatpulse_' ) . '%'
			)
		);
		array_map( 'delete_option', $names );
	}
}
