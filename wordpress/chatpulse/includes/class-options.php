<?php
/**
 * The plugin's options, read.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * The one place that knows the options' names. A constant of wp-config.php wins over the option in the database.
 */
final class Options {

	public const API_KEY        = 'chatpulse_api_key';
	public const TOKEN_SECRET   = 'chatpulse_token_secret';
	public const WEBHOOK_SECRET = 'chatpulse_webhook_secret';
	public const SOCKET_URL     = 'chatpulse_socket_url';
	public const SERVER_URL     = 'chatpulse_server_url';
	public const RATE_LIMIT     = 'chatpulse_rate_limit';

	/** What is stored for a setting that nobody has made yet. */
	public const DEFAULTS = array(
		self::SOCKET_URL   => '',
		self::SERVER_URL   => '',
		self::RATE_LIMIT   => 60,
		Chat_Roles::OPTION => array(),
	);

	private const CONSTANTS = array(
		self::API_KEY        => 'CHATPULSE_API_KEY',
		self::TOKEN_SECRET   => 'CHATPULSE_TOKEN_SECRET',
		self::WEBHOOK_SECRET => 'CHATPULSE_WEBHOOK_SECRET',
		self::SERVER_URL     => 'CHATPULSE_SERVER_URL',
	);

	/**
	 * Whether wp-config.php sets this option, so that the database's value does not count.
	 *
	 * @param string $option One of the names above.
	 */
	public static function is_constant( string $option ): bool {
		return isset( self::CONSTANTS[ $option ] ) && defined( self::CONSTANTS[ $option ] );
	}

	/**
	 * An option's text, '' where it is not set.
	 *
	 * @param string $option One of the names above.
	 */
	public static function text( string $option ): string {
		$value = self::is_constant( $option ) ? constant( self::CONSTANTS[ $option ] ) : get_option( $option, '' );
		return is_scalar( $value ) ? trim( (string) $value ) : '';
	}

	/**
	 * The key by which the chat server proves itself; '' means that no key is accepted.
	 */
	public static function api_key(): string {
		return self::text( self::API_KEY );
	}

	/**
	 * What socket tokens are signed with.
	 */
	public static function token_secret(): string {
		return self::text( self::TOKEN_SECRET );
	}

	/**
	 * What webhooks are signed with; '' leaves them unsigned.
	 */
	public static function webhook_secret(): string {
		return self::text( self::WEBHOOK_SECRET );
	}

	/**
	 * Where browsers find the chat server, without a slash at the end.
	 */
	public static function socket_url(): string {
		return untrailingslashit( self::text( self::SOCKET_URL ) );
	}

	/**
	 * Where this site finds the chat server (webhooks, the connection test), without a slash at the end. The same as for browsers
	 * unless it was set.
	 */
	public static function server_url(): string {
		$url = untrailingslashit( self::text( self::SERVER_URL ) );
		return '' !== $url ? $url : self::socket_url();
	}

	/**
	 * How many messages a user may send in 60 seconds; 0 is no limit.
	 */
	public static function rate_limit(): int {
		/**
		 * Filters how many messages a user may send in 60 seconds; 0 is no limit.
		 *
		 * @param int $limit The setting, 60 by default.
		 */
		return max( 0, (int) apply_filters( 'chatpulse_rate_limit', (int) get_option( self::RATE_LIMIT, self::DEFAULTS[ self::RATE_LIMIT ] ) ) );
	}
}
