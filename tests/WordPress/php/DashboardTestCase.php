<?php
/**
 * For tests that go where a browser goes: the dashboard and pages of the site.
 */

namespace Chatpulse\Tests;

abstract class DashboardTestCase extends SiteTestCase {

	/** Sessions of the users who have signed in here: user id to session token and the time until which it counts. */
	private array $sessions = array();

	/**
	 * A request as a user's browser sends it; 0 is a stranger. Redirections are not followed.
	 *
	 * @param array<string, mixed>|null $form The fields of a form.
	 * @return array<string, mixed> The answer, as WordPress's HTTP functions give it.
	 */
	protected function browse( int $user, string $method, string $url, ?array $form = null ): array {
		$answer = wp_remote_request(
			$url,
			array(
				'method'      => $method,
				'timeout'     => 60,
				'redirection' => 0,
				'headers'     => array( 'Cookie' => $this->cookies_of( $user ) ),
				'body'        => $form,
			)
		);
		if ( is_wp_error( $answer ) ) {
			$this->fail( "$method $url: " . $answer->get_error_message() );
		}
		wp_cache_flush();
		return $answer;
	}

	/** The nonce that a page shows to a user. */
	protected function nonce_of( int $user, string $action ): string {
		$before  = $_COOKIE;
		$current = get_current_user_id();
		wp_set_current_user( $user );
		if ( $user > 0 ) {
			$_COOKIE[ LOGGED_IN_COOKIE ] = $this->cookie_of( $user, 'logged_in' );
		}
		$nonce   = wp_create_nonce( $action );
		$_COOKIE = $before;
		wp_set_current_user( $current );
		return $nonce;
	}

	private function cookies_of( int $user ): string {
		if ( 0 === $user ) {
			return '';
		}
		return LOGGED_IN_COOKIE . '=' . rawurlencode( $this->cookie_of( $user, 'logged_in' ) ) . '; ' . AUTH_COOKIE . '=' . rawurlencode( $this->cookie_of( $user, 'auth' ) );
	}

	private function cookie_of( int $user, string $scheme ): string {
		if ( ! isset( $this->sessions[ $user ] ) ) {
			$expires                 = time() + HOUR_IN_SECONDS;
			$this->sessions[ $user ] = array( \WP_Session_Tokens::get_instance( $user )->create( $expires ), $expires );
		}
		list( $token, $expires ) = $this->sessions[ $user ];
		return wp_generate_auth_cookie( $user, $expires, $scheme, $token );
	}
}
