<?php
/**
 * Who calls.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Who makes a REST call, and on whose behalf.
 *
 * A person is signed in by WordPress (login cookie and nonce). The chat server has the key, in a header only, and names the user in
 * another; every permission check then runs as if that user called. With the key a cookie does not count.
 */
final class Caller {

	private const KEY_HEADER  = 'X-Chatpulse-API-Key';
	private const USER_HEADER = 'X-Chatpulse-User';

	/**
	 * Says who it is.
	 *
	 * @param bool     $has_key Whether it is the chat server.
	 * @param int|null $user_id Who acts; null: the chat server for itself.
	 */
	private function __construct( public readonly bool $has_key, public readonly ?int $user_id ) {}

	/**
	 * Who makes this call. What runs afterwards runs as the user who acts.
	 *
	 * @param \WP_REST_Request $request      The call.
	 * @param bool             $cookie_alone Whether the login cookie is enough, without a nonce.
	 * @throws Refusal When nobody is signed in, the key is wrong, or the user may not use the chat.
	 */
	public static function of( \WP_REST_Request $request, bool $cookie_alone = false ): self {
		$given = $request->get_header( self::KEY_HEADER );
		if ( null === $given ) {
			$user_id = get_current_user_id();
			// WordPress lets scripts of any origin read what REST answers: without a nonce only the site's own pages count.
			if ( 0 === $user_id && $cookie_alone && ( '' === get_http_origin() || '' !== is_allowed_http_origin() ) ) {
				$user_id = (int) wp_validate_auth_cookie( '', 'logged_in' );
			}
			if ( 0 === $user_id ) {
				throw Refusal::not_signed_in();
			}
			return new self( false, self::require_may_chat( $user_id ) );
		}
		$key = Options::api_key();
		if ( '' === $key || ! hash_equals( $key, $given ) ) {
			throw Refusal::not_signed_in();
		}
		$named = $request->get_header( self::USER_HEADER );
		if ( null === $named ) {
			wp_set_current_user( 0 );
			return new self( true, null );
		}
		$user_id = Ids::of( trim( $named ) ) ?? throw Refusal::invalid( self::USER_HEADER );
		self::require_may_chat( $user_id );
		wp_set_current_user( $user_id );
		return new self( true, $user_id );
	}

	/**
	 * The same caller, acting as a user whom the call names elsewhere than in the header. What they may do is checked where it is done.
	 *
	 * @param int $user_id The user.
	 */
	public function acting_as( int $user_id ): self {
		wp_set_current_user( $user_id );
		return new self( $this->has_key, $user_id );
	}

	/**
	 * The user who acts.
	 *
	 * @throws Refusal When it is the chat server for itself.
	 */
	public function user(): int {
		return $this->user_id ?? throw new Refusal(
			'rest_user_required',
			/* translators: %s: name of an HTTP header. */
			sprintf( __( 'The key alone is not enough here: name the user in %s.', 'chatpulse' ), self::USER_HEADER ),
			403
		);
	}

	/**
	 * Refuses users who are not there, or may not use the chat.
	 *
	 * @param int $user_id The user.
	 * @throws Refusal When that is so.
	 */
	private static function require_may_chat( int $user_id ): int {
		if ( ! People::may_chat( $user_id ) ) {
			throw new Refusal( 'rest_cannot_chat', __( 'Sorry, this user is not allowed to use the chat.', 'chatpulse' ), 403 );
		}
		return $user_id;
	}
}
