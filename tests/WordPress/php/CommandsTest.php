<?php
/**
 * wp chatpulse …
 */

namespace Chatpulse\Tests;

use Chatpulse\Cli\Commands;
use WP_CLI;
use WP_CLI_Ended;

require_once __DIR__ . '/WpCli.php';

final class CommandsTest extends SiteTestCase {

	public static function setUpBeforeClass(): void {
		Commands::register();
		self::assertSame( array(), WP_CLI::$commands, 'Outside of WP-CLI there are no commands.' );
		define( 'WP_CLI', true );
		Commands::register();
	}

	public function test_a_conversation_is_begun_written_to_listed_and_exported(): void {
		$one   = $this->make_user();
		$other = $this->make_user();

		$thread = WP_CLI::run( 'chatpulse thread create', array( (string) $one, get_userdata( $other )->user_email ) )[0];
		$again  = WP_CLI::run( 'chatpulse thread create', array( get_userdata( $other )->user_login, (string) $one ) )[0];
		$sent   = WP_CLI::run( 'chatpulse message send', array( $thread, get_userdata( $one )->user_login, 'Grüße' ) )[0];

		$this->assertSame( $thread, $again, 'Two people have one private conversation.' );
		list( $status, $answer ) = $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $other ) );
		$this->assertSame( 200, $status );
		$this->assertSame( array( (int) $sent, 'Grüße', $one ), array( $answer['messages'][0]['id'], $answer['messages'][0]['content'], $answer['messages'][0]['sender_id'] ) );

		$listed = array_map( 'json_decode', WP_CLI::run( 'chatpulse thread list', array(), array( 'participant' => (string) $one ) ) );
		$this->assertSame( array( (int) $thread ), array_column( $listed, 'id' ) );
		$this->assertSame( array( $thread ), WP_CLI::run( 'chatpulse thread list', array(), array( 'participant' => (string) $one, 'format' => 'ids' ) ) );

		$lines = array_map( static fn( string $line ): array => json_decode( $line, true ), WP_CLI::run( 'chatpulse export', array(), array( 'thread' => $thread ) ) );
		$this->assertSame( array( 'thread', 'message' ), array_map( 'key', $lines ) );
		$this->assertSame( 'Grüße', $lines[1]['message']['content'] );
		$this->assertContains( wp_json_encode( $lines[1], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ), WP_CLI::run( 'chatpulse export' ), 'It is part of the export of everything.' );
	}

	public function test_a_group_has_a_title(): void {
		$people = array_map( 'strval', array( $this->make_user(), $this->make_user(), $this->make_user() ) );

		$thread = WP_CLI::run( 'chatpulse thread create', $people, array( 'title' => 'Team' ) )[0];

		$listed = json_decode( WP_CLI::run( 'chatpulse thread list', array(), array( 'participant' => $people[2] ) )[0], true );
		$this->assertSame( array( (int) $thread, 'group', 'Team' ), array( $listed['id'], $listed['type'], $listed['title'] ) );
	}

	public function test_a_token_is_for_the_user(): void {
		$user = $this->make_user();

		$token = WP_CLI::run( 'chatpulse token', array( (string) $user ) )[0];

		list( $head, $claims, $signature ) = explode( '.', $token );
		$this->assertSame( (string) $user, json_decode( base64_decode( strtr( $claims, '-_', '+/' ) ), true )['sub'] );
		$expected = hash_hmac( 'sha256', "$head.$claims", get_option( 'chatpulse_token_secret' ), true );
		$this->assertSame( rtrim( strtr( base64_encode( $expected ), '+/', '-_' ), '=' ), $signature );
	}

	public function test_a_secret_is_replaced_after_asking(): void {
		$before = get_option( 'chatpulse_webhook_secret' );
		try {
			$this->refused( 'chatpulse secret rotate', array( 'webhook' ), array(), 'Replace it now?' );
			$this->assertSame( $before, get_option( 'chatpulse_webhook_secret' ) );

			$printed = WP_CLI::run( 'chatpulse secret rotate', array( 'webhook' ), array( 'yes' => true ) )[0];

			$this->assertMatchesRegularExpression( '/^[0-9a-f]{64}$/', $printed );
			$this->assertSame( $printed, get_option( 'chatpulse_webhook_secret' ) );
			$this->assertNotSame( $before, $printed );
		} finally {
			update_option( 'chatpulse_webhook_secret', $before );
		}
	}

	public function test_the_status_fails_where_no_server_answers(): void {
		$before = get_option( 'chatpulse_socket_url' );
		try {
			update_option( 'chatpulse_socket_url', 'http://127.0.0.1:1' );
			$this->refused( 'chatpulse status', array(), array(), 'status 1' );
			$this->assertStringContainsString( 'cannot be reached', implode( ' ', WP_CLI::$output ) );
		} finally {
			update_option( 'chatpulse_socket_url', $before );
		}
	}

	public function test_mistakes_are_told(): void {
		$one    = (string) $this->make_user();
		$other  = (string) $this->make_user();
		$thread = WP_CLI::run( 'chatpulse thread create', array( $one, $other ) )[0];

		$this->refused( 'chatpulse thread create', array( $one, 'nobody-of-that-name' ), array(), "no user 'nobody-of-that-name'" );
		$this->refused( 'chatpulse thread create', array( $one, $one ), array(), 'at least one other person' );
		$this->refused( 'chatpulse message send', array( $thread, (string) $this->make_user(), 'Hello' ), array(), 'not allowed' );
		$this->refused( 'chatpulse message send', array( "$thread'", $one, 'Hello' ), array(), 'thread_id' );
		$this->refused( 'chatpulse message send', array( $thread, $one, ' ' ), array(), 'content' );
		$this->refused( 'chatpulse secret rotate', array( 'password' ), array( 'yes' => true ), 'api-key, token or webhook' );
		$this->refused( 'chatpulse export', array(), array( 'thread' => '999999999' ), 'There is no conversation' );
	}

	private function refused( string $command, array $args, array $options, string $reason ): void {
		try {
			WP_CLI::run( $command, $args, $options );
			$this->fail( "$command was not refused." );
		} catch ( WP_CLI_Ended $ended ) {
			$this->assertStringContainsString( $reason, $ended->getMessage() );
		}
	}
}
