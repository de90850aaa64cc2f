<?php
/**
 * The ground that the other tests stand on.
 */

namespace Chatpulse\Tests;

final class SiteTest extends SiteTestCase {

	public function test_the_site_answers_on_its_own_address_with_pretty_permalinks(): void {
		$answer = wp_remote_get( home_url( '/wp-json/' ), array( 'timeout' => 60 ) );

		$this->assertSame( 200, wp_remote_retrieve_response_code( $answer ) );
		$this->assertSame( home_url(), json_decode( wp_remote_retrieve_body( $answer ), true )['home'] );
	}

	public function test_a_signed_in_user_is_known_by_cookie_and_nonce(): void {
		$user = $this->make_user();

		$answer = wp_remote_get( rest_url( 'wp/v2/users/me' ), array( 'timeout' => 60, 'headers' => $this->sign_in( $user ) ) );

		$this->assertSame( $user, json_decode( wp_remote_retrieve_body( $answer ), true )['id'] );
	}

	public function test_nothing_leaves_the_machine(): void {
		$answer = wp_remote_get( 'http://192.0.2.1/' );

		$this->assertInstanceOf( \WP_Error::class, $answer );
		$this->assertSame( 'http_request_not_executed', $answer->get_error_code() );
	}
}
