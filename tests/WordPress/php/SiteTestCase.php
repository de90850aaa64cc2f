<?php
/**
 * What the plugin's tests share. They run inside a real WordPress, on a real MariaDB, with the plugin active; the site's
 * nginx answers beside them.
 */

namespace Chatpulse\Tests;

use PHPUnit\Framework\TestCase;

abstract class SiteTestCase extends TestCase {

	protected function setUp(): void {
		parent::setUp();
		wp_set_current_user( 0 );
		wp_cache_flush();
	}

	/** A new user, whom no other test knows. */
	protected function make_user( string $role = 'subscriber' ): int {
		$name = 'user-' . bin2hex( random_bytes( 6 ) );
		$id   = wp_insert_user(
			array(
				'user_login'   => $name,
				'user_pass'    => bin2hex( random_bytes( 12 ) ),
				'user_email'   => $name . '@example.org',
				'display_name' => ucfirst( $name ),
				'role'         => $role,
			)
		);
		$this->assertIsInt( $id );
		return $id;
	}

	/**
	 * What a browser sends with a REST call after the user signed in.
	 *
	 * @return array<string, string> Headers: the cookie and the nonce that belongs to it.
	 */
	protected function sign_in( int $user_id ): array {
		$expires = time() + HOUR_IN_SECONDS;
		$session = \WP_Session_Tokens::get_instance( $user_id )->create( $expires );
		$cookie  = wp_generate_auth_cookie( $user_id, $expires, 'logged_in', $session );

		$current = get_current_user_id();
		$before  = $_COOKIE;
		wp_set_current_user( $user_id );
		$_COOKIE[ LOGGED_IN_COOKIE ] = $cookie;
		$nonce                       = wp_create_nonce( 'wp_rest' );
		$_COOKIE                     = $before;
		wp_set_current_user( $current );

		return array(
			'Cookie'     => LOGGED_IN_COOKIE . '=' . rawurlencode( $cookie ),
			'X-WP-Nonce' => $nonce,
		);
	}

	/**
	 * A REST call over HTTP, through nginx, as a client makes it.
	 *
	 * @param string                $route   Below the plugin's namespace, for example `/threads`.
	 * @param mixed                 $body    Sent as JSON; null: no body.
	 * @param array<string, string> $headers Beside the content type.
	 * @return array{0: int, 1: mixed} The status and the decoded answer.
	 */
	protected function call( string $method, string $route, $body = null, array $headers = array() ): array {
		$answer = wp_remote_request(
			rest_url( 'chatpulse-chat/v1' . $route ),
			array(
				'method'  => $method,
				'timeout' => 60,
				'headers' => array( 'Content-Type' => 'application/json' ) + $headers,
				'body'    => null === $body ? null : wp_json_encode( $body ),
			)
		);
		if ( is_wp_error( $answer ) ) {
			$this->fail( "$method $route: " . $answer->get_error_message() );
		}
		// The answer may have changed what this process remembers.
		wp_cache_flush();
		return array( wp_remote_retrieve_response_code( $answer ), json_decode( wp_remote_retrieve_body( $answer ), true ) );
	}

	/**
	 * What the chat server sends beside a call.
	 *
	 * @param int|null $user_id On whose behalf; null: the server's own call.
	 * @return array<string, string>
	 */
	protected function key( ?int $user_id = null ): array {
		$headers = array( 'X-Chatpulse-API-Key' => (string) get_option( 'chatpulse_api_key' ) );
		if ( null !== $user_id ) {
			$headers['X-Chatpulse-User'] = (string) $user_id;
		}
		return $headers;
	}
}
