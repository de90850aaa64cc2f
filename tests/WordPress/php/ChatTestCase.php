<?php
/**
 * For tests of the chat's routes: makes threads and messages, and looks into the tables.
 */

namespace Chatpulse\Tests;

use Chatpulse\Schema;

require_once __DIR__ . '/Listener.php';

abstract class ChatTestCase extends SiteTestCase {

	protected function setUp(): void {
		parent::setUp();
		update_option( 'chatpulse_rate_limit', 60 );
	}

	/** A thread of these users; the first is its owner. */
	protected function make_thread( array $users, string $type = 'group' ): int {
		list( $status, $answer ) = $this->call( 'POST', '/threads', array( 'type' => $type, 'participants' => $users ), $this->key( $users[0] ) );
		$this->assertSame( 201, $status, (string) wp_json_encode( $answer ) );
		return $answer['thread']['id'];
	}

	/**
	 * A message, sent by the chat server on behalf of its sender.
	 *
	 * @return array<string, mixed> The message.
	 */
	protected function send( int $user, int $thread, string $content = 'Hello', array $more = array() ): array {
		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", array( 'content' => $content ) + $more, $this->key( $user ) );
		$this->assertSame( 201, $status, (string) wp_json_encode( $answer ) );
		return $answer['message'];
	}

	/**
	 * A batch.
	 *
	 * @param array<mixed> $operations What to do.
	 * @return array<int, array<string, mixed>> The results.
	 */
	protected function batch( array $operations ): array {
		list( $status, $answer ) = $this->call( 'POST', '/batch', array( 'operations' => $operations ), $this->key() );
		$this->assertSame( 200, $status, (string) wp_json_encode( $answer ) );
		return $answer['results'];
	}

	/** How many rows of a table fit. */
	protected function rows( string $table, string $where ): int {
		global $wpdb;
		return (int) $wpdb->get_var( 'SELECT COUNT(*) FROM ' . Schema::table( $table ) . " WHERE $where" );
	}

	/**
	 * A call that meets another process's transaction: does something once the call waits for a row that the other one has locked.
	 *
	 * @param array<string, string> $headers Beside the content type.
	 * @param callable(): void      $then    Ends the other transaction.
	 * @return array{0: int, 1: mixed} Status and answer.
	 */
	protected function call_that_waits( string $route, mixed $body, array $headers, callable $then ): array {
		global $wpdb;
		$lines = array( 'Content-Type: application/json' );
		foreach ( $headers as $name => $value ) {
			$lines[] = "$name: $value";
		}
		$call = curl_init( rest_url( 'chatpulse-chat/v1' . $route ) );
		curl_setopt_array( $call, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_POST => true, CURLOPT_POSTFIELDS => wp_json_encode( $body ), CURLOPT_HTTPHEADER => $lines, CURLOPT_TIMEOUT => 60 ) );
		$all = curl_multi_init();
		curl_multi_add_handle( $all, $call );
		$done = false;
		do {
			curl_multi_exec( $all, $running );
			if ( ! $done && 0 < (int) $wpdb->get_var( "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '%FOR UPDATE'" ) ) {
				$done = true;
				$then();
			}
			curl_multi_select( $all, 0.02 );
		} while ( $running > 0 );
		$this->assertTrue( $done, 'the call did not wait for the other transaction' );
		return array( curl_getinfo( $call, CURLINFO_RESPONSE_CODE ), json_decode( (string) curl_multi_getcontent( $call ), true ) );
	}

	/**
	 * The same call several times at the same moment.
	 *
	 * @param array<string, string> $headers Beside the content type.
	 * @return array<int, array{0: int, 1: mixed}> Status and answer of each.
	 */
	protected function call_at_once( int $times, string $route, mixed $body, array $headers ): array {
		$lines = array( 'Content-Type: application/json' );
		foreach ( $headers as $name => $value ) {
			$lines[] = "$name: $value";
		}
		$all   = curl_multi_init();
		$calls = array();
		for ( $i = 0; $i < $times; $i++ ) {
			$call = curl_init( rest_url( 'chatpulse-chat/v1' . $route ) );
			curl_setopt_array( $call, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_POST => true, CURLOPT_POSTFIELDS => wp_json_encode( $body ), CURLOPT_HTTPHEADER => $lines, CURLOPT_TIMEOUT => 60 ) );
			curl_multi_add_handle( $all, $call );
			$calls[] = $call;
		}
		do {
			curl_multi_exec( $all, $running );
			curl_multi_select( $all, 1 );
		} while ( $running > 0 );
		return array_map( static fn( $call ): array => array( curl_getinfo( $call, CURLINFO_RESPONSE_CODE ), json_decode( (string) curl_multi_getcontent( $call ), true ) ), $calls );
	}
}
