<?php
/**
 * What may be set, and what counts as valid.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Admin;

use Chatpulse\Chat_Roles;
use Chatpulse\Options;
use Chatpulse\Uninstaller;

defined( 'ABSPATH' ) || exit;

/**
 * Registers the options with WordPress's Settings API, which checks the nonce and the capability before anything is saved.
 * A value that is not valid is refused with the reason and leaves what was there.
 */
final class Settings {

	/** The group under which options.php saves them. */
	public const GROUP = 'chatpulse';

	/** Fewer characters than this make no secret. */
	public const SECRET_LENGTH = 32;

	/** More messages a minute than this is a slip of the hand. */
	private const HIGHEST_RATE = 6000;

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action( 'admin_init', array( self::class, 'register_settings' ) );
	}

	/**
	 * The secrets with their names.
	 *
	 * @return array<string, string>
	 */
	public static function secrets(): array {
		return array(
			Options::API_KEY        => __( 'API key', 'chatpulse' ),
			Options::TOKEN_SECRET   => __( 'Token secret', 'chatpulse' ),
			Options::WEBHOOK_SECRET => __( 'Webhook secret', 'chatpulse' ),
		);
	}

	/**
	 * Whether the current user may see a secret. One of wp-config.php is every site's of a network: with it who administers one site
	 * could act as anybody on all others.
	 *
	 * @param string $option Which one.
	 */
	public static function may_see_secret( string $option ): bool {
		return current_user_can( is_multisite() && Options::is_constant( $option ) ? 'manage_network_options' : 'manage_options' );
	}

	/**
	 * The addresses with their names.
	 *
	 * @return array<string, string>
	 */
	public static function addresses(): array {
		return array(
			Options::SOCKET_URL => __( 'Chat server', 'chatpulse' ),
			Options::SERVER_URL => __( 'Chat server, as this site reaches it', 'chatpulse' ),
		);
	}

	/**
	 * Tells WordPress about each option.
	 */
	public static function register_settings(): void {
		foreach ( array_keys( self::addresses() ) as $option ) {
			self::add( $option, 'string', static fn( $value ) => self::clean_address( $option, $value ) );
		}
		foreach ( array_keys( self::secrets() ) as $option ) {
			self::add( $option, 'string', static fn( $value ) => self::clean_secret( $option, $value ) );
		}
		self::add( Options::RATE_LIMIT, 'integer', array( self::class, 'clean_rate_limit' ) );
		self::add( Chat_Roles::OPTION, 'array', array( self::class, 'clean_roles' ) );
		self::add( Uninstaller::OPTION, 'boolean', static fn( $value ) => $value ? '1' : '' );
	}

	/**
	 * A new secret: 256 random bits.
	 */
	public static function new_secret(): string {
		return bin2hex( random_bytes( 32 ) );
	}

	/**
	 * An address of the chat server: scheme, host and port.
	 *
	 * @param string $option Which one.
	 * @param mixed  $value  What was sent.
	 */
	private static function clean_address( string $option, $value ): string {
		$former = self::former( $option );
		$value  = is_string( $value ) ? untrailingslashit( trim( $value ) ) : '';
		if ( '' === $value ) {
			return Options::is_constant( $option ) ? $former : '';
		}
		$parts = wp_parse_url( $value );
		$name  = self::addresses()[ $option ];
		if ( ! is_array( $parts ) || ! in_array( strtolower( $parts['scheme'] ?? '' ), array( 'http', 'https' ), true ) || '' === ( $parts['host'] ?? '' ) ) {
			/* translators: %s: name of a setting. */
			self::complain( $option, sprintf( __( '%s: an address begins with https:// or http:// and a host name, for example https://chat.example.org.', 'chatpulse' ), $name ) );
			return $former;
		}
		if ( array_diff_key( $parts, array_flip( array( 'scheme', 'host', 'port' ) ) ) ) {
			/* translators: %s: name of a setting. */
			self::complain( $option, sprintf( __( '%s: an address ends with the host name or the port. It has no path, no question mark and no password.', 'chatpulse' ), $name ) );
			return $former;
		}
		return esc_url_raw( $value, array( 'http', 'https' ) );
	}

	/**
	 * A secret; an empty field keeps the one that is there, as a field never shows it unasked.
	 *
	 * @param string $option Which one.
	 * @param mixed  $value  What was sent.
	 */
	private static function clean_secret( string $option, $value ): string {
		$former = self::former( $option );
		$value  = is_string( $value ) ? trim( $value ) : '';
		if ( '' === $value || $value === $former || Options::is_constant( $option ) ) {
			return $former;
		}
		if ( ! preg_match( '/^[A-Za-z0-9._~+\/=-]{' . self::SECRET_LENGTH . ',256}$/D', $value ) ) {
			self::complain(
				$option,
				sprintf(
					/* translators: 1: name of a setting, 2: number of characters. */
					__( '%1$s: at least %2$d letters, digits or characters of . _ ~ + / = -. “Generate” makes a good one.', 'chatpulse' ),
					self::secrets()[ $option ],
					self::SECRET_LENGTH
				)
			);
			return $former;
		}
		return $value;
	}

	/**
	 * Messages a minute.
	 *
	 * @param mixed $value What was sent.
	 */
	public static function clean_rate_limit( $value ): int {
		if ( ! is_scalar( $value ) || ! preg_match( '/^\d{1,6}$/D', trim( (string) $value ) ) || (int) $value > self::HIGHEST_RATE ) {
			/* translators: %d: number of messages. */
			self::complain( Options::RATE_LIMIT, sprintf( __( 'Messages a minute: a whole number from 0 (no limit) to %d.', 'chatpulse' ), self::HIGHEST_RATE ) );
			return (int) get_option( Options::RATE_LIMIT, Options::DEFAULTS[ Options::RATE_LIMIT ] );
		}
		return (int) $value;
	}

	/**
	 * Roles that are there.
	 *
	 * @param mixed $value What was sent.
	 * @return string[]
	 */
	public static function clean_roles( $value ): array {
		$value = is_array( $value ) ? array_filter( $value, 'is_string' ) : array();
		return array_values( array_intersect( array_keys( wp_roles()->get_names() ), $value ) );
	}

	/**
	 * Registers one option.
	 *
	 * @param string   $option Its name.
	 * @param string   $type   Its type.
	 * @param callable $clean  Takes what was sent, returns what is saved.
	 */
	private static function add( string $option, string $type, callable $clean ): void {
		register_setting(
			self::GROUP,
			$option,
			array(
				'type'              => $type,
				'sanitize_callback' => $clean,
				'show_in_rest'      => false,
			)
		);
	}

	/**
	 * What the database has, whatever wp-config.php says.
	 *
	 * @param string $option Its name.
	 */
	private static function former( string $option ): string {
		$value = get_option( $option, '' );
		return is_string( $value ) ? $value : '';
	}

	/**
	 * Says once why something was not saved: WordPress cleans an option that is new twice.
	 *
	 * @param string $option  The option.
	 * @param string $message The reason.
	 */
	private static function complain( string $option, string $message ): void {
		if ( ! function_exists( 'add_settings_error' ) ) {
			return;
		}
		foreach ( get_settings_errors( $option ) as $error ) {
			if ( $error['message'] === $message ) {
				return;
			}
		}
		add_settings_error( $option, $option, $message );
	}
}
