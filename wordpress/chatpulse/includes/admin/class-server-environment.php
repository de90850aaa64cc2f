<?php
/**
 * The chat server's settings, as this site knows them.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Admin;

use Chatpulse\Options;

defined( 'ABSPATH' ) || exit;

/**
 * The lines of the chat server's `.env` file that have to agree with this site.
 */
final class Server_Environment {

	/** The lines that are secrets, and the options that they are. */
	private const SECRETS = array(
		'WP_API_KEY'     => Options::API_KEY,
		'AUTH_SECRET'    => Options::TOKEN_SECRET,
		'WEBHOOK_SECRET' => Options::WEBHOOK_SECRET,
	);

	/**
	 * The file's text, as the current user may see it.
	 */
	public static function text(): string {
		$lines = array( 'NODE_ENV=production' );
		foreach ( self::settings() as $name => $value ) {
			if ( isset( self::SECRETS[ $name ] ) && ! Settings::may_see_secret( self::SECRETS[ $name ] ) ) {
				/* translators: %s: name of a setting. */
				$lines[] = '# ' . sprintf( __( '%s is set in wp-config.php: ask who administers the network.', 'chatpulse' ), $name );
			} else {
				$lines[] = $name . '=' . $value;
			}
		}
		return implode( "\n", $lines ) . "\n";
	}

	/**
	 * Names and values.
	 *
	 * @return array<string, string>
	 */
	public static function settings(): array {
		return array(
			'WP_BASE_URL'    => untrailingslashit( rest_url() ),
			'WP_API_KEY'     => Options::api_key(),
			'AUTH_MODE'      => 'token',
			'AUTH_SECRET'    => Options::token_secret(),
			'WEBHOOK_SECRET' => Options::webhook_secret(),
			'CORS_ORIGIN'    => implode( ',', array_unique( array( self::origin( home_url() ), self::origin( site_url() ) ) ) ),
		);
	}

	/**
	 * Scheme, host and port of an address, as browsers write an origin.
	 *
	 * @param string $url The address.
	 */
	public static function origin( string $url ): string {
		$parts = wp_parse_url( $url );
		return $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
	}
}
