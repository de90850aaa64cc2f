<?php
/**
 * Settings → Chatpulse: who may see and change what, and what counts as valid.
 */

namespace Chatpulse\Tests;

use Chatpulse\Admin\Server_Environment;
use Chatpulse\Admin\Settings_Page;
use Chatpulse\Capabilities;

require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once __DIR__ . '/DashboardTestCase.php';

final class SettingsTest extends DashboardTestCase {

	private const SECRET = 'a-new-secret-that-is-long-enough-0123456789';

	/** Options as they were, to be put back. */
	private array $before = array();

	private const OPTIONS = array(
		'chatpulse_socket_url',
		'chatpulse_server_url',
		'chatpulse_api_key',
		'chatpulse_token_secret',
		'chatpulse_webhook_secret',
		'chatpulse_rate_limit',
		'chatpulse_roles',
		'chatpulse_delete_data',
	);

	protected function setUp(): void {
		parent::setUp();
		foreach ( self::OPTIONS as $option ) {
			$this->before[ $option ] = get_option( $option );
		}
	}

	protected function tearDown(): void {
		wp_cache_flush();
		foreach ( $this->before as $option => $value ) {
			false === $value ? delete_option( $option ) : $this->put_back( $option, $value );
		}
		parent::tearDown();
	}

	public function test_an_administrator_sees_the_page_without_the_secrets_in_it(): void {
		list( $status, $page ) = $this->get_page( $this->make_user( 'administrator' ) );

		$this->assertSame( 200, $status );
		$this->assertStringContainsString( 'name="chatpulse_api_key"', $page );
		foreach ( array( 'chatpulse_api_key', 'chatpulse_token_secret', 'chatpulse_webhook_secret' ) as $option ) {
			$this->assertStringNotContainsString( get_option( $option ), $page );
		}
	}

	/** @dataProvider lesser_roles */
	public function test_nobody_else_sees_the_page( string $role ): void {
		list( $status, $page ) = $this->get_page( $this->make_user( $role ) );

		$this->assertSame( 403, $status );
		$this->assertStringNotContainsString( 'chatpulse_api_key', $page );
	}

	public function lesser_roles(): array {
		return array( array( 'subscriber' ), array( 'author' ), array( 'editor' ) );
	}

	public function test_what_an_administrator_enters_is_saved(): void {
		$this->save(
			$this->make_user( 'administrator' ),
			array(
				'chatpulse_socket_url'  => ' https://chat.example.org:8443/ ',
				'chatpulse_server_url'  => 'http://127.0.0.1:3001',
				'chatpulse_api_key'     => self::SECRET,
				'chatpulse_rate_limit'  => '120',
				'chatpulse_roles'       => array( 'editor', 'no-such-role', 'author' ),
				'chatpulse_delete_data' => '1',
			)
		);

		$this->assertSame( 'https://chat.example.org:8443', get_option( 'chatpulse_socket_url' ) );
		$this->assertSame( 'http://127.0.0.1:3001', get_option( 'chatpulse_server_url' ) );
		$this->assertSame( self::SECRET, get_option( 'chatpulse_api_key' ) );
		$this->assertSame( 120, (int) get_option( 'chatpulse_rate_limit' ) );
		$this->assertSame( array( 'editor', 'author' ), get_option( 'chatpulse_roles' ) );
		$this->assertSame( '1', get_option( 'chatpulse_delete_data' ) );
		$this->assertSame( $this->before['chatpulse_token_secret'], get_option( 'chatpulse_token_secret' ), 'An empty field keeps the secret.' );
	}

	public function test_a_subscriber_saves_nothing(): void {
		$status = $this->save( $this->make_user(), array( 'chatpulse_api_key' => self::SECRET ) );

		$this->assertSame( 403, $status );
		$this->assertSame( $this->before['chatpulse_api_key'], get_option( 'chatpulse_api_key' ) );
	}

	public function test_a_request_that_another_site_forged_saves_nothing(): void {
		$status = $this->save( $this->make_user( 'administrator' ), array( 'chatpulse_api_key' => self::SECRET ), 'forged' );

		$this->assertSame( 403, $status );
		$this->assertSame( $this->before['chatpulse_api_key'], get_option( 'chatpulse_api_key' ) );
	}

	/** @dataProvider bad_values */
	public function test_what_is_not_valid_is_refused_with_the_reason( string $option, $value, string $reason ): void {
		$admin = $this->make_user( 'administrator' );
		$this->save( $admin, array( $option => $value ) );

		$default = 'chatpulse_rate_limit' === $option ? '60' : '';
		$this->assertSame( (string) ( false === $this->before[ $option ] ? $default : $this->before[ $option ] ), (string) get_option( $option ) );
		$this->assertStringContainsString( $reason, implode( ' ', array_column( (array) get_transient( 'settings_errors' ), 'message' ) ) );
	}

	public function bad_values(): array {
		return array(
			array( 'chatpulse_socket_url', 'javascript:alert(1)', 'begins with https://' ),
			array( 'chatpulse_socket_url', 'chat.example.org', 'begins with https://' ),
			array( 'chatpulse_socket_url', 'https://chat.example.org/socket.io', 'has no path' ),
			array( 'chatpulse_socket_url', 'https://me:secret@chat.example.org', 'no password' ),
			array( 'chatpulse_server_url', 'ftp://chat.example.org', 'begins with https://' ),
			array( 'chatpulse_api_key', 'short', 'at least 32' ),
			array( 'chatpulse_token_secret', str_repeat( '<script>', 8 ), 'at least 32' ),
			array( 'chatpulse_webhook_secret', str_repeat( "a\n", 32 ), 'at least 32' ),
			array( 'chatpulse_rate_limit', '-1', 'whole number' ),
			array( 'chatpulse_rate_limit', '1e9', 'whole number' ),
		);
	}

	public function test_secrets_are_shown_to_an_administrator_who_asks(): void {
		$admin = $this->make_user( 'administrator' );

		list( $status, $body ) = $this->ajax( $admin, 'chatpulse_secrets', $this->nonce_of( $admin, Settings_Page::NONCE ) );

		$this->assertSame( 200, $status );
		$this->assertSame( get_option( 'chatpulse_api_key' ), $body['data']['secrets']['chatpulse_api_key'] );
		$this->assertStringContainsString( 'WP_API_KEY=' . get_option( 'chatpulse_api_key' ) . "\n", $body['data']['environment'] );
	}

	/** @dataProvider buttons */
	public function test_the_buttons_are_an_administrators_only( string $action ): void {
		$admin      = $this->make_user( 'administrator' );
		$subscriber = $this->make_user();

		$this->assertSame( 403, $this->ajax( $subscriber, $action, $this->nonce_of( $subscriber, Settings_Page::NONCE ) )[0], 'a subscriber' );
		$this->assertSame( 403, $this->ajax( $admin, $action, 'forged' )[0], 'a forged request' );
		$this->assertSame( 400, $this->ajax( 0, $action, $this->nonce_of( 0, Settings_Page::NONCE ) )[0], 'a stranger' );
	}

	public function buttons(): array {
		return array( array( 'chatpulse_secrets' ), array( 'chatpulse_test' ) );
	}

	public function test_the_lines_for_the_server_name_what_it_needs(): void {
		$this->assertSame(
			array( 'WP_BASE_URL', 'WP_API_KEY', 'AUTH_MODE', 'AUTH_SECRET', 'WEBHOOK_SECRET', 'CORS_ORIGIN' ),
			array_keys( Server_Environment::settings() )
		);
		$this->assertSame( untrailingslashit( home_url() ), Server_Environment::settings()['CORS_ORIGIN'] );
		$this->assertSame( home_url( '/wp-json' ), Server_Environment::settings()['WP_BASE_URL'] );
		$this->assertSame( 'https://example.org:8443', Server_Environment::origin( 'https://example.org:8443/blog/' ) );
	}

	public function test_an_address_with_markup_in_it_is_inert_on_the_page(): void {
		update_option( 'chatpulse_socket_url', '"><script>alert(1)</script>' );

		list( , $page ) = $this->get_page( $this->make_user( 'administrator' ) );

		$this->assertStringNotContainsString( '<script>alert(1)', $page );
	}

	public function test_the_chat_can_be_kept_to_some_roles(): void {
		$author     = $this->make_user( 'author' );
		$subscriber = $this->make_user();
		$admin      = $this->make_user( 'administrator' );
		$this->assertTrue( user_can( $subscriber, Capabilities::CHAT ), 'With no role chosen everybody may.' );

		update_option( 'chatpulse_roles', array( 'author' ) );

		$this->assertTrue( user_can( $author, Capabilities::CHAT ) );
		$this->assertTrue( user_can( $admin, Capabilities::CHAT ) );
		$this->assertFalse( user_can( $subscriber, Capabilities::CHAT ) );
		$this->assertSame( 403, $this->call( 'GET', '/threads', null, $this->sign_in( $subscriber ) )[0] );
		$this->assertSame( 200, $this->call( 'GET', '/threads', null, $this->sign_in( $author ) )[0] );
	}

	/** Writes past the checks, which would refuse what a test has put there. */
	private function put_back( string $option, $value ): void {
		global $wpdb;
		$wpdb->update( $wpdb->options, array( 'option_value' => maybe_serialize( $value ) ), array( 'option_name' => $option ) );
		wp_cache_flush();
	}

	/** @return array{0: int, 1: string} */
	private function get_page( int $user ): array {
		$answer = $this->browse( $user, 'GET', admin_url( 'options-general.php?page=' . Settings_Page::SLUG ) );
		return array( wp_remote_retrieve_response_code( $answer ), wp_remote_retrieve_body( $answer ) );
	}

	/** Sends the form as a browser does. */
	private function save( int $user, array $fields, ?string $nonce = null ): int {
		$form = array(
			'option_page' => 'chatpulse',
			'action'      => 'update',
			'_wpnonce'    => $nonce ?? $this->nonce_of( $user, 'chatpulse-options' ),
		);
		// What is not part of the test is sent as it is; secrets are empty fields.
		$kept = array(
			'chatpulse_socket_url'  => (string) $this->before['chatpulse_socket_url'],
			'chatpulse_server_url'  => (string) $this->before['chatpulse_server_url'],
			'chatpulse_rate_limit'  => false === $this->before['chatpulse_rate_limit'] ? '60' : (string) $this->before['chatpulse_rate_limit'],
		);
		$answer = $this->browse( $user, 'POST', admin_url( 'options.php' ), $form + $fields + $kept );
		wp_cache_flush();
		return wp_remote_retrieve_response_code( $answer );
	}

	/** @return array{0: int, 1: mixed} */
	private function ajax( int $user, string $action, string $nonce ): array {
		$answer = $this->browse(
			$user,
			'POST',
			admin_url( 'admin-ajax.php' ),
			array(
				'action'      => $action,
				'_ajax_nonce' => $nonce,
			)
		);
		return array( wp_remote_retrieve_response_code( $answer ), json_decode( wp_remote_retrieve_body( $answer ), true ) );
	}
}
