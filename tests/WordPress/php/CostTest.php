<?php
/**
 * What a request asks of the database.
 */

namespace Chatpulse\Tests;

use Chatpulse\Batch;
use Chatpulse\Chat_Roles;
use Chatpulse\Operation;
use Chatpulse\Options;
use Chatpulse\Rest_Api;
use Chatpulse\Schema;

require_once __DIR__ . '/ChatTestCase.php';

final class CostTest extends ChatTestCase {

	public function test_a_message_costs_eight_statements(): void {
		global $wpdb;
		$user      = $this->make_user();
		$thread    = $this->make_thread( array( $user ) );
		$operation = static fn(): Operation => new Operation( array( 'op' => 'send', 'user' => $user, 'thread_id' => $thread, 'content' => 'Hello' ) );
		// What WordPress remembers of users and options.
		Batch::run( array( $operation() ) );
		$before = $wpdb->num_queries;

		$send = $operation();
		Batch::run( array( $send ) );

		// The transaction's beginning and end, the lock, the right, the rate, the message, the thread's time, the answer.
		$this->assertSame( 201, $send->status );
		$this->assertSame( 8, $wpdb->num_queries - $before );
	}

	public function test_settings_that_nobody_made_cost_no_query(): void {
		global $wpdb;
		$before = array();
		foreach ( array_keys( Options::DEFAULTS ) as $option ) {
			$before[ $option ] = get_option( $option );
			delete_option( $option );
		}
		try {
			$this->assertTrue( Schema::migrate() );
			wp_cache_flush();
			wp_load_alloptions();
			$queries = $wpdb->num_queries;

			$this->assertSame( 60, Options::rate_limit() );
			$this->assertSame( '', Options::server_url() );
			$this->assertSame( array(), Chat_Roles::chosen() );
			$this->assertSame( $queries, $wpdb->num_queries );
		} finally {
			foreach ( $before as $option => $value ) {
				update_option( $option, $value );
			}
		}
	}

	/** @dataProvider addresses */
	public function test_the_plugins_own_calls_are_known_by_their_address( string $address, bool $own ): void {
		$before                 = $_SERVER;
		$_SERVER['REQUEST_URI'] = $address;
		try {
			$this->assertSame( $own, Rest_Api::is_called() );
		} finally {
			$_SERVER = $before;
		}
	}

	/** @return array<string, array{0: string, 1: bool}> */
	public static function addresses(): array {
		return array(
			'a call'               => array( '/wp-json/chatpulse-chat/v1/threads/7?x=1', true ),
			'of a site in a folder' => array( '/shop/wp-json/chatpulse-chat/v1/batch', true ),
			'a page'               => array( '/about/', false ),
			'another route'        => array( '/wp-json/wp/v2/block-types', false ),
			'a page that names it' => array( '/about/?next=/wp-json/chatpulse-chat/v1/batch', false ),
		);
	}
}
