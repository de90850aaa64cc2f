<?php
/**
 * The connection test of the settings page, against a server that can be wrong in every way.
 */

namespace Chatpulse\Tests;

use Chatpulse\Admin\Connection_Test;

final class ConnectionTestTest extends SiteTestCase {

	/** Answers by path; a callable gets the request. @var array<string, mixed> */
	private array $answers;

	protected function setUp(): void {
		parent::setUp();
		$this->answers = array(
			'/health'       => fn() => array( 200, wp_json_encode( array( 'status' => 'ok', 'timestamp' => gmdate( 'c' ), 'connections' => 3 ) ) ),
			'/webhook/ping' => fn( array $request ) => $this->is_signed( $request ) ? array( 200, '{"success":true}' ) : array( 401, '{"error":"The signature is wrong."}' ),
			'/socket.io/'   => fn( array $request ) => array( 200, $this->engine( $request ) ),
		);
		add_filter( 'pre_http_request', array( $this, 'answer' ), 10, 3 );
	}

	protected function tearDown(): void {
		remove_filter( 'pre_http_request', array( $this, 'answer' ), 10 );
		parent::tearDown();
	}

	public function test_everything_is_good(): void {
		$this->assertSame( array( 'good', 'good', 'good', 'good' ), array_column( $this->run_test(), 'status' ) );
	}

	/** @dataProvider faults */
	public function test_what_is_wrong_is_said_in_words( string $path, callable $answer, string $status, string $words ): void {
		$this->answers[ $path ] = $answer;

		$results = array_filter( $this->run_test(), static fn( array $result ): bool => 'good' !== $result['status'] );

		$this->assertCount( 1, $results );
		$this->assertSame( $status, current( $results )['status'] );
		$this->assertStringContainsString( $words, current( $results )['label'] . '. ' . current( $results )['text'] );
	}

	public function faults(): array {
		$health = static fn( array $fields ): callable => static fn() => array( 200, wp_json_encode( $fields + array( 'status' => 'ok', 'timestamp' => gmdate( 'c' ) ) ) );
		return array(
			'nobody there'        => array( '/health', static fn() => new \WP_Error( 'http_request_failed', 'Connection refused' ), 'critical', 'Connection refused' ),
			'another program'     => array( '/health', static fn() => array( 404, '<h1>Not found</h1>' ), 'critical', 'is no chat server' ),
			'its store is down'   => array( '/health', $health( array( 'status' => 'degraded', 'store' => array( 'message' => 'WordPress does not answer.' ) ) ), 'critical', 'WordPress does not answer.' ),
			'clock minutes off'   => array( '/health', $health( array( 'timestamp' => gmdate( 'c', time() - 100 ) ) ), 'recommended', 'drift apart' ),
			'clock hours off'     => array( '/health', $health( array( 'timestamp' => gmdate( 'c', time() + 7200 ) ) ), 'critical', 'too far apart' ),
			'another secret'      => array( '/webhook/ping', static fn() => array( 401, '{"error":"The signature is wrong."}' ), 'critical', 'The webhook secrets differ' ),
			'webhooks are hidden' => array( '/webhook/ping', static fn() => array( 404, '' ), 'critical', 'hides /webhook' ),
			'webhooks fail'       => array( '/webhook/ping', static fn() => array( 500, '' ), 'critical', 'status 500' ),
			'no socket.io'        => array( '/socket.io/', static fn() => array( 404, 'Not found' ), 'critical', 'no Socket.IO' ),
			'another token'       => array( '/socket.io/', fn( array $request ) => array( 200, $this->engine( $request, '44{"message":"The token is not genuine."}' ) ), 'critical', 'The token is not genuine.' ),
		);
	}

	public function test_nothing_is_asked_without_an_address(): void {
		$results = $this->run_test( '' );

		$this->assertSame( array( 'critical' ), array_column( $results, 'status' ) );
		$this->assertSame( 'No chat server is set', $results[0]['label'] );
	}

	public function answer( $answer, array $request, string $url ) {
		$path   = wp_parse_url( $url, PHP_URL_PATH );
		$answer = ( $this->answers[ $path ] )( $request + array( 'url' => $url ) );
		return is_wp_error( $answer ) ? $answer : array(
			'response' => array( 'code' => $answer[0] ),
			'headers'  => array(),
			'body'     => $answer[1],
		);
	}

	private function run_test( string $address = 'https://chat.example.org' ): array {
		$options = array( 'chatpulse_socket_url', 'chatpulse_server_url' );
		$before  = array_map( 'get_option', $options );
		update_option( 'chatpulse_socket_url', $address );
		update_option( 'chatpulse_server_url', '' );
		try {
			return Connection_Test::run( 1 );
		} finally {
			array_map( 'update_option', $options, $before );
		}
	}

	private function is_signed( array $request ): bool {
		$expected = 'sha256=' . hash_hmac( 'sha256', $request['headers']['X-Chatpulse-Timestamp'] . '.' . $request['body'], get_option( 'chatpulse_webhook_secret' ) );
		return hash_equals( $expected, $request['headers']['X-Chatpulse-Signature'] ) && 'ping' === json_decode( $request['body'], true )['event'];
	}

	/** A server that speaks Engine.IO by polling. */
	private function engine( array $request, string $welcome = '40{"sid":"abc"}' ): string {
		parse_str( wp_parse_url( $request['url'], PHP_URL_QUERY ), $query );
		if ( ! isset( $query['sid'] ) ) {
			return '0{"sid":"xyz","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":60000}';
		}
		$this->assertSame( 'xyz', $query['sid'] );
		if ( 'POST' === $request['method'] ) {
			$this->assertMatchesRegularExpression( '/^(1|40\{"token":"[\w.-]+"\})$/', $request['body'] );
			return 'ok';
		}
		return $welcome;
	}
}
