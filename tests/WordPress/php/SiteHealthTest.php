<?php
/**
 * Tools → Site Health.
 */

namespace Chatpulse\Tests;

use Chatpulse\Admin\Site_Health;
use Chatpulse\Schema;
use Chatpulse\Webhooks;

require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once __DIR__ . '/DashboardTestCase.php';

final class SiteHealthTest extends DashboardTestCase {

	public function test_wordpress_runs_every_test(): void {
		$tests = apply_filters( 'site_status_tests', array( 'direct' => array(), 'async' => array() ) );

		foreach ( array( 'secrets', 'tables', 'rest', 'php' ) as $name ) {
			$result = call_user_func( $tests['direct'][ "chatpulse_$name" ]['test'] );
			$this->assertSame( 'good', $result['status'], $result['label'] );
		}
		$this->assertSame( 'chatpulse-server', $tests['async']['chatpulse_server']['test'] );
	}

	public function test_the_server_is_asked_by_the_page_itself(): void {
		$admin = $this->make_user( 'administrator' );
		$form  = array(
			'action'   => 'health-check-chatpulse-server',
			'_wpnonce' => $this->nonce_of( $admin, 'health-check-site-status' ),
		);

		$answer = $this->browse( $admin, 'POST', admin_url( 'admin-ajax.php' ), $form );

		$this->assertSame( 'chatpulse_server', json_decode( wp_remote_retrieve_body( $answer ), true )['data']['test'] );
		$subscriber        = $this->make_user();
		$form['_wpnonce']  = $this->nonce_of( $subscriber, 'health-check-site-status' );
		$this->assertSame( 403, wp_remote_retrieve_response_code( $this->browse( $subscriber, 'POST', admin_url( 'admin-ajax.php' ), $form ) ) );
	}

	public function test_a_server_that_does_not_answer_is_critical(): void {
		$this->with_option(
			'chatpulse_server_url',
			'http://127.0.0.1:1',
			function (): void {
				$result = Site_Health::test_server();
				$this->assertSame( 'critical', $result['status'] );
				$this->assertStringContainsString( 'http://127.0.0.1:1/health does not answer', $result['description'] );
			}
		);
	}

	public function test_something_that_is_no_chat_server_is_told_as_that(): void {
		$this->with_option(
			'chatpulse_server_url',
			home_url(),
			function (): void {
				$this->assertStringContainsString( 'is no chat server', Site_Health::test_server()['description'] );
			}
		);
	}

	public function test_missing_and_short_secrets_are_told_by_name(): void {
		$this->with_option( 'chatpulse_api_key', '', fn() => $this->assertSame( 'critical', Site_Health::test_secrets()['status'] ) );
		$this->with_option(
			'chatpulse_token_secret',
			'short',
			function (): void {
				$result = Site_Health::test_secrets();
				$this->assertSame( 'recommended', $result['status'] );
				$this->assertStringContainsString( 'Token secret', $result['description'] );
			}
		);
	}

	public function test_a_webhook_that_failed_is_told_with_the_reason(): void {
		delete_option( 'chatpulse_webhook_failure' );
		$this->assertSame( 'good', Site_Health::test_webhooks()['status'] );

		$this->with_option( 'chatpulse_socket_url', 'http://127.0.0.1:1', static fn() => Webhooks::send( 'message', array() ) );

		$result = Site_Health::test_webhooks();
		delete_option( 'chatpulse_webhook_failure' );
		$this->assertSame( 'recommended', $result['status'] );
		$this->assertStringContainsString( '“message” failed: cURL error 7', $result['description'] );
	}

	public function test_a_table_of_the_wrong_kind_is_told(): void {
		global $wpdb;
		$table = Schema::table( 'reactions' );
		$wpdb->query( "RENAME TABLE $table TO {$table}_away" );
		$wpdb->query( "CREATE TABLE $table ( id int ) ENGINE=MyISAM DEFAULT CHARACTER SET latin1" );
		try {
			$result = Site_Health::test_tables();
			$this->assertSame( 'critical', $result['status'] );
			$this->assertStringContainsString( "$table is MyISAM", $result['description'] );
			$this->assertStringContainsString( 'latin1', $result['description'] );
			$wpdb->query( "DROP TABLE $table" );
			$this->assertStringContainsString( "$table is missing", Site_Health::test_tables()['description'] );
		} finally {
			$wpdb->query( "DROP TABLE IF EXISTS $table" );
			$wpdb->query( "RENAME TABLE {$table}_away TO $table" );
		}
	}

	public function test_the_information_has_no_secret_in_it(): void {
		$text = wp_json_encode( apply_filters( 'debug_information', array() ) );

		$this->assertStringContainsString( '64 characters', $text );
		foreach ( array( 'chatpulse_api_key', 'chatpulse_token_secret', 'chatpulse_webhook_secret' ) as $option ) {
			$this->assertStringNotContainsString( get_option( $option ), $text );
		}
	}

	public function test_what_a_server_says_is_inert(): void {
		$answer = fn( $no, $args, $url ) => array(
			'response' => array( 'code' => 200 ),
			'headers'  => array(),
			'body'     => wp_json_encode( array( 'status' => 'degraded', 'store' => array( 'message' => '<script>alert(1)</script>' ) ) ),
		);
		add_filter( 'pre_http_request', $answer, 10, 3 );
		try {
			$result = Site_Health::test_server();
			$this->assertSame( 'critical', $result['status'] );
			$this->assertStringNotContainsString( '<script>', $result['description'] );
		} finally {
			remove_filter( 'pre_http_request', $answer, 10 );
		}
	}

	private function with_option( string $option, string $value, callable $test ): void {
		$before = get_option( $option );
		update_option( $option, $value );
		try {
			$test();
		} finally {
			update_option( $option, $before );
		}
	}
}
