<?php
/**
 * Batches: order, each operation's own outcome, what is stored once only, limits.
 */

namespace Chatpulse\Tests;

use Chatpulse\Schema;

require_once __DIR__ . '/ChatTestCase.php';

final class BatchTest extends ChatTestCase {

	private function op( string $op, int $user, int $thread, array $more = array() ): array {
		return array( 'op' => $op, 'user' => $user, 'thread_id' => $thread ) + $more;
	}

	public function test_messages_of_many_users_and_threads_are_stored_in_their_order(): void {
		$users   = array_map( fn(): int => $this->make_user(), range( 1, 5 ) );
		$threads = array( $this->make_thread( $users ), $this->make_thread( $users ) );
		$sends   = array();
		for ( $i = 0; $i < 200; $i++ ) {
			$sends[] = $this->op( 'send', $users[ $i % 5 ], $threads[ $i % 2 ], array( 'content' => "Message $i", 'client_id' => "c$i" ) );
		}

		$results = $this->batch( $sends );

		$this->assertSame( array_fill( 0, 200, 201 ), array_column( $results, 'status' ) );
		$ids = array_map( static fn( array $result ): int => $result['body']['message']['id'], $results );
		$this->assertSame( $ids, array_values( array_unique( $ids ) ) );
		foreach ( $results as $i => $result ) {
			$this->assertSame( array( "Message $i", "c$i", $users[ $i % 5 ], $threads[ $i % 2 ] ), array( $result['body']['message']['content'], $result['client_id'], $result['body']['message']['sender_id'], $result['body']['message']['thread_id'] ) );
			$this->assertGreaterThan( $ids[ $i - 1 ] ?? 0, $ids[ $i ] );
		}
		$page = $this->call( 'GET', "/threads/$threads[0]/messages?limit=100", null, $this->key( $users[0] ) )[1]['messages'];
		$this->assertSame( array_map( static fn( int $i ): string => 'Message ' . 2 * $i, range( 0, 99 ) ), array_column( $page, 'content' ) );
	}

	public function test_one_that_fails_leaves_the_others_alone(): void {
		$users    = array( $this->make_user(), $this->make_user() );
		$stranger = $this->make_user();
		$thread   = $this->make_thread( $users );

		$results = $this->batch(
			array(
				$this->op( 'send', $users[0], $thread, array( 'content' => 'one' ) ),
				$this->op( 'send', $stranger, $thread, array( 'content' => 'not in it', 'client_id' => 'mine' ) ),
				$this->op( 'send', $users[0], 99999999, array( 'content' => 'no such thread' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => '' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => '<script></script>' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => 'x', 'content_type' => 'text/html' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => 'x', 'content_type' => 'system' ) ),
				$this->op( 'send', 0, $thread, array( 'content' => 'x' ) ),
				$this->op( 'send', 999999999, $thread, array( 'content' => 'x' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => 'x', 'client_id' => '' ) ),
				$this->op( 'send', $users[0], $thread, array( 'content' => 'x', 'attachment_ids' => '7' ) ),
				$this->op( 'dance', $users[0], $thread ),
				$this->op( 'edit', $users[0], $thread, array( 'message_id' => 99999999, 'content' => 'x' ) ),
				$this->op( 'react', $users[0], $thread, array( 'message_id' => 1, 'emoji' => 'no emoji' ) ),
				$this->op( 'read', $users[0], $thread, array( 'message_ids' => array( 99999999 ) ) ),
				$this->op( 'deliver', $users[0], $thread ),
				'nothing',
				null,
				array(),
				$this->op( 'send', $users[1], $thread, array( 'content' => 'two' ) ),
			)
		);

		$this->assertSame(
			array( 201, 403, 403, 400, 400, 400, 403, 400, 403, 400, 400, 400, 404, 400, 404, 400, 400, 400, 400, 201 ),
			array_column( $results, 'status' )
		);
		$this->assertSame( 'mine', $results[1]['client_id'] );
		$this->assertSame( 'rest_cannot_access_thread', $results[1]['body']['code'] );
		$this->assertSame( 'empty_content', $results[4]['body']['code'] );
		$this->assertStringContainsString( 'content_type', $results[5]['body']['message'] );
		$this->assertSame( 2, $this->rows( 'messages', "thread_id = $thread" ) );
	}

	public function test_what_the_database_refuses_fails_alone(): void {
		global $wpdb;
		$user    = $this->make_user();
		$thread  = $this->make_thread( array( $user ) );
		$trigger = $wpdb->prefix . 'refuse';
		$wpdb->query( "CREATE TRIGGER $trigger BEFORE INSERT ON " . Schema::table( 'messages' ) . " FOR EACH ROW IF NEW.content = 'refuse' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF" );
		try {
			$results = $this->batch(
				array(
					$this->op( 'send', $user, $thread, array( 'content' => 'before', 'client_id' => 'a' ) ),
					$this->op( 'send', $user, $thread, array( 'content' => 'refuse', 'client_id' => 'b' ) ),
					$this->op( 'send', $user, $thread, array( 'content' => 'after', 'client_id' => 'c' ) ),
					$this->op( 'send', $user, $thread, array( 'content' => 'refuse', 'client_id' => 'b' ) ),
				)
			);
		} finally {
			$wpdb->query( "DROP TRIGGER $trigger" );
		}

		$this->assertSame( array( 201, 500, 201, 500 ), array_column( $results, 'status' ) );
		$this->assertSame( 2, $this->rows( 'messages', "thread_id = $thread" ) );
	}

	public function test_when_the_end_fails_nothing_is_stored(): void {
		global $wpdb;
		$user     = $this->make_user();
		$thread   = $this->make_thread( array( $user ) );
		$id       = $this->send( $user, $thread, 'before' )['id'];
		$table    = Schema::table( 'reactions' );
		$wpdb->query( "RENAME TABLE $table TO {$table}_away" );
		try {
			list( $status, $answer ) = $this->call(
				'POST',
				'/batch',
				array(
					'operations' => array(
						$this->op( 'send', $user, $thread, array( 'content' => 'x' ) ),
						$this->op( 'edit', $user, $thread, array( 'message_id' => $id, 'content' => 'after' ) ),
					),
				),
				$this->key()
			);
		} finally {
			$wpdb->query( "RENAME TABLE {$table}_away TO $table" );
		}

		$this->assertSame( array( 500, 'database_error' ), array( $status, $answer['code'] ) );
		$this->assertSame( array( 'before' ), $wpdb->get_col( 'SELECT content FROM ' . Schema::table( 'messages' ) . " WHERE thread_id = $thread" ) );
	}

	public function test_when_the_connection_is_lost_nothing_is_stored(): void {
		global $wpdb;
		$user       = $this->make_user();
		$thread     = $this->make_thread( array( $user ) );
		$mark       = 'lost' . bin2hex( random_bytes( 8 ) );
		$trigger    = $wpdb->prefix . 'wait';
		$operations = array(
			$this->op( 'send', $user, $thread, array( 'content' => str_repeat( 'x', 10000 ) ) ),
			...array_fill( 0, 99, $this->op( 'send', $user, $thread, array( 'content' => str_repeat( '&', 10000 ) ) ) ),
			$this->op( 'send', $user, $thread, array( 'content' => $mark ) ),
		);
		update_option( 'chatpulse_rate_limit', 0 );
		$wpdb->query( "CREATE TRIGGER $trigger BEFORE INSERT ON " . Schema::table( 'messages' ) . " FOR EACH ROW IF NEW.content = '$mark' THEN DO SLEEP(60); END IF" );
		try {
			$call = proc_open( array( PHP_BINARY, '-r', 'echo file_get_contents( $argv[1], false, stream_context_create( array( "http" => array( "method" => "POST", "ignore_errors" => true, "timeout" => 120, "header" => $argv[2], "content" => stream_get_contents( STDIN ) ) ) ) ), "\n", $http_response_header[0];', rest_url( 'chatpulse-chat/v1/batch' ), "Content-Type: application/json\r\nX-Chatpulse-API-Key: " . $this->key()['X-Chatpulse-API-Key'] ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes );
			fwrite( $pipes[0], (string) wp_json_encode( array( 'operations' => $operations ) ) );
			fclose( $pipes[0] );
			$deadline = microtime( true ) + 60;
			do {
				usleep( 20000 );
				$connection = (int) $wpdb->get_var( $wpdb->prepare( 'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND state LIKE %s', '%sleep%' ) );
			} while ( 0 === $connection && microtime( true ) < $deadline );
			$wpdb->query( "KILL $connection" );
			$answer = explode( "\n", (string) stream_get_contents( $pipes[1] ) );
			proc_close( $call );
		} finally {
			$wpdb->query( "DROP TRIGGER $trigger" );
		}

		$this->assertStringContainsString( ' 500 ', end( $answer ) );
		$this->assertSame( 500, json_decode( $answer[0], true )['data']['status'] );
		$this->assertSame( 0, $this->rows( 'messages', "thread_id = $thread" ), 'not even what other statements had stored before' );
	}

	public function test_it_takes_200_operations_and_a_list(): void {
		$user  = $this->make_user();
		$send  = $this->op( 'send', $user, $this->make_thread( array( $user ) ), array( 'content' => 'x' ) );
		$error = fn( $operations ): array => array_intersect_key( $this->call( 'POST', '/batch', array( 'operations' => $operations ), $this->key() )[1], array( 'code' => 1 ) );

		$this->assertSame( array( 'code' => 'rest_invalid_param' ), $error( array_fill( 0, 201, $send ) ) );
		$this->assertSame( array( 'code' => 'rest_invalid_param' ), $error( 'all' ) );
		$this->assertSame( array( 'code' => 'rest_invalid_param' ), $error( array( 'a' => $send ) ) );
		$this->assertSame( 'rest_missing_callback_param', $this->call( 'POST', '/batch', new \stdClass(), $this->key() )[1]['code'] );
		$this->assertSame( 'rest_invalid_json', $this->raw( '{' ) );
		$this->assertSame( array(), $this->batch( array() ) );
	}

	private function raw( string $body ): string {
		$answer = wp_remote_post( rest_url( 'chatpulse-chat/v1/batch' ), array( 'timeout' => 60, 'headers' => array( 'Content-Type' => 'application/json' ) + $this->key(), 'body' => $body ) );
		return json_decode( wp_remote_retrieve_body( $answer ), true )['code'];
	}

	public function test_a_repeat_answers_the_message_that_is_there(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );
		$other  = $this->make_thread( $users );
		$send   = $this->op( 'send', $users[0], $thread, array( 'content' => 'first', 'client_id' => 'id' ) );

		$results = $this->batch(
			array(
				$send,
				array( 'content' => 'second' ) + $send,
				array( 'user' => $users[1] ) + $send,
				array( 'thread_id' => $other ) + $send,
				array( 'client_id' => 'ID' ) + $send,
				array( 'client_id' => 'id ' ) + $send,
			)
		);
		$this->assertSame( array( 201, 200, 201, 201, 201, 201 ), array_column( $results, 'status' ) );
		$this->assertSame( array( false, true, false, false, false, false ), array_map( static fn( array $result ): bool => $result['body']['already_stored'], $results ) );
		$this->assertSame( $results[0]['body']['message'], $results[1]['body']['message'] );

		$again = $this->batch( array( $send ) )[0];
		$this->assertSame( array( 200, true, 'first' ), array( $again['status'], $again['body']['already_stored'], $again['body']['message']['content'] ) );
		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", array( 'content' => 'third', 'client_id' => 'id' ), $this->key( $users[0] ) );
		$this->assertSame( array( 200, true, $results[0]['body']['message']['id'] ), array( $status, $answer['already_stored'], $answer['message']['id'] ) );
		$this->assertSame( 5, $this->rows( 'messages', "thread_id IN ($thread, $other)" ) );
	}

	public function test_the_same_message_from_many_processes_at_once_is_stored_once(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );
		for ( $round = 0; $round < 5; $round++ ) {
			$operations = array(
				$this->op( 'send', $users[0], $thread, array( 'content' => "alone $round" ) ),
				$this->op( 'send', $users[1], $thread, array( 'content' => "once $round", 'client_id' => "id $round" ) ),
			);
			$calls      = $this->call_at_once( 4, '/batch', array( 'operations' => $operations ), $this->key() );

			$this->assertSame( array( 200, 200, 200, 200 ), array_column( $calls, 0 ) );
			$results = array_map( static fn( array $call ): array => $call[1]['results'][1], $calls );
			$this->assertCount( 1, array_unique( array_map( static fn( array $result ): int => $result['body']['message']['id'], $results ) ) );
			$statuses = array_column( $results, 'status' );
			sort( $statuses );
			$this->assertSame( array( 200, 200, 200, 201 ), $statuses );
		}
		$this->assertSame( 5, $this->rows( 'messages', "thread_id = $thread AND sender_id = $users[1]" ) );
		$this->assertSame( 20, $this->rows( 'messages', "thread_id = $thread AND sender_id = $users[0]" ) );
	}

	public function test_processes_that_touch_the_same_messages_at_once_all_succeed(): void {
		$users      = array_map( fn(): int => $this->make_user(), range( 1, 4 ) );
		$thread     = $this->make_thread( $users );
		$ids        = array_map( fn(): int => $this->send( $users[0], $thread )['id'], range( 1, 5 ) );
		$operations = array();
		foreach ( array( $users[1], $users[2], $users[3] ) as $user ) {
			$operations[] = $this->op( 'deliver', $user, $thread, array( 'message_ids' => array_reverse( $ids ) ) );
			$operations[] = $this->op( 'read', $user, $thread );
			$operations[] = $this->op( 'react', $user, $thread, array( 'message_id' => $ids[ $user % 5 ], 'emoji' => '🎉' ) );
			$operations[] = $this->op( 'send', $user, $thread, array( 'content' => 'x' ) );
		}

		$calls = $this->call_at_once( 4, '/batch', array( 'operations' => $operations ), $this->key() );

		$told = array();
		foreach ( $calls as list( $status, $answer ) ) {
			$this->assertSame( 200, $status, (string) wp_json_encode( $answer ) );
			foreach ( $answer['results'] as $result ) {
				$this->assertLessThan( 300, $result['status'] );
				array_push( $told, ...array_column( $result['body']['messages'] ?? array(), 'id' ) );
			}
		}
		sort( $told );
		$this->assertSame( $ids, $told, 'delivered is told once' );
		$this->assertSame( 5, $this->rows( 'messages', "thread_id = $thread AND sender_id = $users[0] AND status = 'read'" ) );
	}

	/** @dataProvider ways_to_read */
	public function test_of_two_who_read_at_once_the_last_one_sees_that_everybody_has( bool $all ): void {
		$users  = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );
		$id     = $this->send( $users[0], $thread )['id'];
		// The other one, in the middle of reading: has locked what every reader locks, and has not committed the receipt yet.
		$other = new \wpdb( DB_USER, DB_PASSWORD, DB_NAME, DB_HOST );
		$other->query( 'START TRANSACTION' );
		$other->query( 'SELECT id FROM ' . Schema::table( 'threads' ) . " WHERE id = $thread FOR UPDATE" );
		$other->query( 'SELECT id FROM ' . Schema::table( 'messages' ) . " WHERE id = $id FOR UPDATE" );
		$other->query( 'INSERT INTO ' . Schema::table( 'receipts' ) . " (message_id, user_id, delivered_at, read_at) VALUES ($id, $users[2], NOW(), NOW())" );

		list( $status ) = $this->call_that_waits( "/threads/$thread/read", $all ? array() : array( 'message_ids' => array( $id ) ), $this->key( $users[1] ), static fn() => $other->query( 'COMMIT' ) );

		$this->assertSame( 200, $status );
		$this->assertSame( 1, $this->rows( 'messages', "id = $id AND status = 'read'" ) );
	}

	/** @return array<string, array{0: bool}> */
	public static function ways_to_read(): array {
		return array(
			'all'       => array( true ),
			'by number' => array( false ),
		);
	}

	public function test_receipts_are_stored_for_the_one_who_reads(): void {
		$users    = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread   = $this->make_thread( $users );
		$elsewhere = $this->send( $users[0], $this->make_thread( array( $users[0] ) ) )['id'];
		$one      = $this->send( $users[0], $thread, 'one' )['id'];
		$two      = $this->send( $users[0], $thread, 'two' )['id'];
		$own      = $this->send( $users[1], $thread, 'own' )['id'];

		$results = $this->batch(
			array(
				$this->op( 'deliver', $users[1], $thread, array( 'message_ids' => array( $one, $own, $elsewhere ) ) ),
				$this->op( 'deliver', $users[2], $thread, array( 'message_ids' => array( $one, $two ) ) ),
				$this->op( 'read', $users[1], $thread, array( 'message_ids' => array( $own, $one ) ) ),
				$this->op( 'read', $users[1], $thread, array( 'message_ids' => array( $one ) ) ),
				$this->op( 'read', $users[1], $thread, array( 'message_ids' => array( $two, $elsewhere ) ) ),
				$this->op( 'read', $users[2], $thread ),
			)
		);

		$this->assertSame( array( 200, 200, 200, 200, 404, 200 ), array_column( $results, 'status' ) );
		$this->assertSame( array( $one ), array_column( $results[0]['body']['messages'], 'id' ) );
		$this->assertSame( array( $two ), array_column( $results[1]['body']['messages'], 'id' ), 'its status changed before' );
		$this->assertSame( array( $one ), array_column( $results[2]['body']['receipts'], 'message_id' ) );
		$this->assertSame( array(), $results[3]['body']['receipts'] );
		$this->assertSame( array( $one, $two, $own ), array_column( $results[5]['body']['receipts'], 'message_id' ) );
		$this->assertSame( array(), $results[2]['body']['read_by_all'] );
		$this->assertSame( array( $one ), array_column( $results[5]['body']['read_by_all'], 'id' ) );
		$this->assertSame( 'read', $results[5]['body']['read_by_all'][0]['status'] );
		$this->assertSame( array( $users[1], $users[2] ), array_column( $this->call( 'GET', "/messages/$one/receipts", null, $this->key( $users[0] ) )[1]['read_receipts'], 'user_id' ) );
		$this->assertSame( 0, $this->rows( 'receipts', "message_id = $elsewhere" ) );
	}

	public function test_who_reads_all_has_not_read_what_was_sent_afterwards(): void {
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );

		$results = $this->batch(
			array(
				$this->op( 'send', $users[0], $thread, array( 'content' => 'before' ) ),
				$this->op( 'read', $users[1], $thread ),
				$this->op( 'send', $users[0], $thread, array( 'content' => 'after' ) ),
			)
		);

		$this->assertSame( array( $results[0]['body']['message']['id'] ), array_column( $results[1]['body']['receipts'], 'message_id' ) );
		$this->assertSame( 'sent', $results[2]['body']['message']['status'] );
		$this->assertSame( 1, $this->call( 'GET', '/threads', null, $this->key( $users[1] ) )[1]['threads'][0]['unread_count'] );
	}

	public function test_edits_deletes_and_reactions(): void {
		$users   = array( $this->make_user(), $this->make_user() );
		$thread  = $this->make_thread( $users );
		$message = $this->send( $users[0], $thread, 'one' )['id'];
		$of      = array( 'message_id' => $message );

		$results = $this->batch(
			array(
				$this->op( 'edit', $users[0], $thread, $of + array( 'content' => 'two <b>bold</b><script>x</script>' ) ),
				$this->op( 'edit', $users[1], $thread, $of + array( 'content' => 'not mine' ) ),
				$this->op( 'react', $users[1], $thread, $of + array( 'emoji' => '❤️' ) ),
				$this->op( 'react', $users[0], $thread, $of + array( 'emoji' => '👍🏽' ) ),
				$this->op( 'react', $users[0], $thread, $of + array( 'emoji' => '❤️' ) ),
				$this->op( 'react', $users[0], $thread, $of + array( 'emoji' => '❤️' ) ),
				$this->op( 'react', $users[0], $thread, $of + array( 'emoji' => '👍' ) ),
				$this->op( 'react', $users[0], $thread, $of + array( 'emoji' => '👍', 'remove' => true ) ),
			)
		);
		$this->assertSame( array( 200, 403, 200, 200, 200, 200, 200, 200 ), array_column( $results, 'status' ) );
		$shown = $results[0]['body']['message'];
		$this->assertSame( 'two <b>bold</b>x', $shown['content'] );
		$this->assertNotNull( $shown['edited_at_gmt'] );
		$this->assertSame(
			array(
				array( 'emoji' => '❤️', 'user_ids' => array( $users[1], $users[0] ) ),
				array( 'emoji' => '👍🏽', 'user_ids' => array( $users[0] ) ),
			),
			$shown['reactions']
		);

		$results = $this->batch(
			array(
				$this->op( 'delete', $users[0], $thread, $of ),
				$this->op( 'edit', $users[0], $thread, $of + array( 'content' => 'three' ) ),
				$this->op( 'react', $users[1], $thread, $of + array( 'emoji' => '👍' ) ),
				$this->op( 'delete', $users[0], $thread, $of ),
			)
		);
		$this->assertSame( array( 200, 404, 404, 200 ), array_column( $results, 'status' ) );
		$gone = $results[0]['body']['message'];
		$this->assertSame( array( '', array(), array() ), array( $gone['content'], $gone['reactions'], $gone['attachments'] ) );
		$this->assertNotNull( $gone['deleted_at_gmt'] );
		$this->assertSame( array( array(), array() ), array( $this->batch( array( $this->op( 'deliver', $users[1], $thread, array( 'message_ids' => array( $message ) ) ) ) )[0]['body']['messages'], $this->batch( array( $this->op( 'read', $users[1], $thread ) ) )[0]['body']['receipts'] ) );
		$this->assertSame( array( $message ), array_column( $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $users[1] ) )[1]['messages'], 'id' ), 'keeps its place' );
	}

	public function test_the_rate_limit_is_each_users_own_and_does_not_start_again(): void {
		global $wpdb;
		$users  = array( $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( $users );
		update_option( 'chatpulse_rate_limit', 3 );
		$sends = fn( int $user, int $count ): array => array_fill( 0, $count, $this->op( 'send', $user, $thread, array( 'content' => 'x' ) ) );

		$results = $this->batch( array( ...$sends( $users[0], 5 ), ...$sends( $users[1], 3 ) ) );
		$this->assertSame( array( 201, 201, 201, 429, 429, 201, 201, 201 ), array_column( $results, 'status' ) );
		$this->assertSame( 'rate_limit_exceeded', $results[3]['body']['code'] );
		$wait = $results[3]['body']['data']['retry_after'];
		$this->assertTrue( $wait >= 1 && $wait <= 60, "$wait" );

		// A repeat is no new message.
		$stored = $this->batch( array( array( 'client_id' => 'once' ) + $sends( $users[0], 1 )[0] ) )[0];
		$this->assertSame( 429, $stored['status'] );

		// Two of them are a minute old now, the third is not: two more may come.
		$wpdb->query( 'UPDATE ' . Schema::table( 'messages' ) . " SET created_at_gmt = created_at_gmt - INTERVAL 61 SECOND WHERE sender_id = $users[0] ORDER BY id LIMIT 2" );
		$this->assertSame( array( 201, 201, 429 ), array_column( $this->batch( $sends( $users[0], 3 ) ), 'status' ) );

		update_option( 'chatpulse_rate_limit', 0 );
		$this->assertSame( array_fill( 0, 100, 201 ), array_column( $this->batch( $sends( $users[0], 100 ) ), 'status' ) );
	}
}
