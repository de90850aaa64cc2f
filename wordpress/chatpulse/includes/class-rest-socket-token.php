<?php
/**
 * The route of socket tokens.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Gives somebody who is signed in a token by which the chat server knows them.
 */
final class Rest_Socket_Token {

	/**
	 * Registers the route.
	 */
	public static function routes(): void {
		Rest_Api::route( 'POST', '/socket-token', Rest_Api::PERSON, array(), array( self::class, 'issue' ) );
	}

	/**
	 * Issues a token.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 * @throws Refusal When the site has no secret to sign it with.
	 */
	public static function issue( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$user    = $caller->user();
		$session = wp_get_session_token();
		list( $token, $expires_at ) = Tokens::issue( $user, '' === $session ? null : Tokens::session_id( $session ) );
		$response = new \WP_REST_Response(
			array(
				'token'      => $token,
				'expires_at' => $expires_at,
				'expires_in' => $expires_at - time(),
			)
		);
		$response->header( 'Cache-Control', 'no-store' );
		return $response;
	}
}
