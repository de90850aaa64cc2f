<?php
/**
 * Tokens for the chat server.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * JSON Web Tokens, signed with HMAC-SHA256 and the secret that the chat server has as well.
 */
final class Tokens {

	/** How many seconds a token is good for, unless it is filtered. */
	private const LIFETIME = 300;

	/**
	 * Issues a token.
	 *
	 * @param int         $user_id    For whom.
	 * @param string|null $session_id The login session that it ends with; null: none.
	 * @return array{0: string, 1: int} The token and when it expires, in seconds since 1970.
	 * @throws Refusal When the site has no secret to sign it with.
	 */
	public static function issue( int $user_id, ?string $session_id = null ): array {
		$secret = Options::token_secret();
		if ( '' === $secret ) {
			throw new Refusal( 'token_secret_missing', __( 'The site has no token secret yet. Its owner finds it in the settings of Chatpulse.', 'chatpulse' ), 503 );
		}
		/**
		 * Filters how many seconds a socket token is good for.
		 *
		 * @param int $seconds 300 by default; 30 at least.
		 * @param int $user_id For whom it is.
		 */
		$lifetime = max( 30, (int) apply_filters( 'chatpulse_token_lifetime', self::LIFETIME, $user_id ) );
		$now      = time();
		$claims   = array(
			'sub'  => (string) $user_id,
			'iat'  => $now,
			'exp'  => $now + $lifetime,
			'name' => People::name( $user_id ),
		);
		if ( null !== $session_id ) {
			$claims['sid'] = $session_id;
		}
		$head = self::encode( '{"alg":"HS256","typ":"JWT"}' ) . '.' . self::encode( (string) wp_json_encode( $claims ) );
		return array( $head . '.' . self::encode( hash_hmac( 'sha256', $head, $secret, true ) ), $now + $lifetime );
	}

	/**
	 * The name of a login session that may be told: it does not let anybody in.
	 *
	 * @param string $session_token WordPress's session token.
	 */
	public static function session_id( string $session_token ): string {
		return substr( hash( 'sha256', $session_token ), 0, 16 );
	}

	/**
	 * Base64 as tokens have it.
	 *
	 * @param string $bytes The bytes.
	 */
	private static function encode( string $bytes ): string {
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the format of tokens.
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}
}
