<?php
/**
 * Pages of messages, lists of threads, times.
 */

namespace Chatpulse\Tests;

use Chatpulse\Schema;

require_once __DIR__ . '/ChatTestCase.php';

final class HistoryTest extends ChatTestCase {

	/** Messages that all have the same second. @return int[] */
	private function fill( int $thread, int $user, int $count ): array {
		global $wpdb;
		$now = current_time( 'mysql' );
		$wpdb->query( 'INSERT INTO ' . Schema::table( 'messages' ) . ' (thread_id, sender_id, content, created_at, updated_at) VALUES ' . implode( ',', array_fill( 0, $count, "($thread, $user, 'x', '$now', '$now')" ) ) );
		return array_map( 'intval', $wpdb->get_col( 'SELECT id FROM ' . Schema::table( 'messages' ) . " WHERE thread_id = $thread ORDER BY id" ) );
	}

	public function test_paging_by_id_loses_none_of_335_messages_of_one_second(): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );
		$ids    = $this->fill( $thread, $user, 335 );

		$backward = array();
		$query    = '';
		do {
			$page     = $this->call( 'GET', "/threads/$thread/messages?limit=100$query", null, $this->key( $user ) )[1];
			$backward = array_merge( array_column( $page['messages'], 'id' ), $backward );
			$query    = '&before_id=' . $backward[0];
		} while ( $page['has_more'] );
		$this->assertSame( $ids, $backward );

		$forward = array();
		$after   = 0;
		do {
			$page    = $this->call( 'GET', "/threads/$thread/messages?limit=67&after_id=$after", null, $this->key( $user ) )[1];
			$forward = array_merge( $forward, array_column( $page['messages'], 'id' ) );
			$after   = end( $forward );
		} while ( $page['has_more'] );
		$this->assertSame( $ids, $forward );
		$this->assertSame( array(), $this->call( 'GET', "/threads/$thread/messages?after_id=$after", null, $this->key( $user ) )[1]['messages'] );
		$this->assertCount( 50, $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $user ) )[1]['messages'] );
	}

	public static function wrong_queries(): array {
		return array_map( static fn( string $query ): array => array( $query ), array( 'before_id=1&after_id=1', 'before_id=0', 'before_id=-1', 'after_id=x', 'before_id=1%20OR%201', 'limit=0', 'limit=101', 'limit=x', 'before=yesterday', "before=2026-01-01'", 'before[]=2026-01-01', 'before_id[]=1' ) );
	}

	/**
	 * @dataProvider wrong_queries
	 */
	public function test_a_wrong_query_is_refused( string $query ): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );

		list( $status, $answer ) = $this->call( 'GET', "/threads/$thread/messages?$query", null, $this->key( $user ) );

		$this->assertSame( array( 400, 'rest_invalid_param' ), array( $status, $answer['code'] ) );
	}

	public function test_a_time_is_the_sites_or_says_its_zone(): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );
		update_option( 'timezone_string', 'America/New_York' );
		try {
			$message = $this->send( $user, $thread );
			$count   = fn( string $before ): int => count( $this->call( 'GET', "/threads/$thread/messages?before=" . rawurlencode( $before ), null, $this->key( $user ) )[1]['messages'] );
			$gmt     = strtotime( $message['created_at_gmt'] );
			$this->assertLessThan( 120, abs( time() - $gmt ) );
			$this->assertSame( $message['created_at'], get_date_from_gmt( gmdate( 'Y-m-d H:i:s', $gmt ) ) );
			$this->assertNotSame( $message['created_at'], gmdate( 'Y-m-d H:i:s', $gmt ) );

			$this->assertSame( 0, $count( $message['created_at'] ) );
			$this->assertSame( 0, $count( $message['created_at_gmt'] ) );
			$this->assertSame( 1, $count( gmdate( 'Y-m-d\TH:i:s\Z', $gmt + 1 ) ) );
			$this->assertSame( 1, $count( gmdate( 'Y-m-d\TH:i:s', $gmt + 1 + 7200 ) . '+02:00' ) );

			update_option( 'timezone_string', 'Asia/Tokyo' );
			$this->assertSame( $message['created_at_gmt'], $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $user ) )[1]['messages'][0]['created_at_gmt'], 'whatever the site\'s zone becomes' );
		} finally {
			update_option( 'timezone_string', '' );
		}
	}

	public function test_a_person_who_reads_the_page_has_received_it_and_the_chat_server_has_not(): void {
		$users   = array( $this->make_user(), $this->make_user() );
		$thread  = $this->make_thread( $users );
		$this->send( $users[0], $thread );
		$statuses = fn( array $headers ): array => array_column( $this->call( 'GET', "/threads/$thread/messages", null, $headers )[1]['messages'], 'status' );

		$this->assertSame( array( 'sent' ), $statuses( $this->sign_in( $users[0] ) ), 'its sender' );
		$this->assertSame( array( 'sent' ), $statuses( $this->key( $users[1] ) ) );
		$this->assertSame( array( 'delivered' ), $statuses( $this->sign_in( $users[1] ) ) );
		$this->assertSame( array( 'delivered' ), $statuses( $this->key( $users[0] ) ) );
	}

	public function test_threads_are_listed_newest_first_with_what_is_unread(): void {
		$me      = $this->make_user();
		$other   = $this->make_user();
		$threads = array( $this->make_thread( array( $me, $other ) ), $this->make_thread( array( $me, $other ), 'private' ), $this->make_thread( array( $me, $other ) ) );
		global $wpdb;
		$wpdb->query( 'UPDATE ' . Schema::table( 'threads' ) . ' SET updated_at = updated_at - INTERVAL 60 SECOND WHERE id IN (' . implode( ',', $threads ) . ')' );
		$this->send( $other, $threads[1], 'one' );
		$this->send( $other, $threads[1], 'two' );

		$list = $this->call( 'GET', '/threads?per_page=2', null, $this->key( $me ) )[1];

		$this->assertSame( array( $threads[1], $threads[2] ), array_column( $list['threads'], 'id' ) );
		$this->assertSame( array( 'page' => 1, 'per_page' => 2, 'total' => 3, 'total_pages' => 2 ), $list['pagination'] );
		$this->assertSame( array( 'two', $other, 2 ), array( $list['threads'][0]['last_message']['content'], $list['threads'][0]['last_message']['sender_id'], $list['threads'][0]['unread_count'] ) );
		$this->assertSame( array( $threads[0] ), array_column( $this->call( 'GET', '/threads?per_page=2&page=2', null, $this->key( $me ) )[1]['threads'], 'id' ) );
		$this->assertSame( $list, $this->call( 'GET', "/users/$me/threads?per_page=2", null, $this->key() )[1] );
		$this->assertSame( array( $other ), $this->call( 'GET', "/users/$me/contacts", null, $this->key() )[1]['user_ids'] );
		$this->assertSame( 3, $this->call( 'GET', '/threads?search=' . get_userdata( $other )->display_name, null, $this->key( $me ) )[1]['pagination']['total'] );
		$this->assertSame( 0, $this->call( 'GET', '/threads?search=%25', null, $this->key( $me ) )[1]['pagination']['total'] );
	}

	public function test_unread_messages_are_counted_however_they_were_read(): void {
		$me     = $this->make_user();
		$other  = $this->make_user();
		$thread = $this->make_thread( array( $me, $other ) );
		$unread = fn(): int => $this->call( 'GET', '/threads', null, $this->key( $me ) )[1]['threads'][0]['unread_count'];
		$read   = fn( ?array $ids ): int => $this->call( 'POST', "/threads/$thread/read", array( 'message_ids' => $ids ), $this->key( $me ) )[1]['marked_count'];
		$ids    = $this->fill( $thread, $other, 300 );

		$this->assertSame( 300, $unread() );
		$this->assertSame( 199, $read( array_merge( array_slice( $ids, 0, 150 ), array_slice( $ids, 151, 49 ) ) ) );
		$this->assertSame( 101, $unread() );
		$this->assertSame( $ids[150] - 1, (int) $this->point( $thread, $me ), 'everything before the first that is unread' );
		$this->assertSame( 101, $unread() );
		$this->fill( $thread, $me, 3 );
		$this->fill( $thread, $other, 1 );
		$this->assertSame( 102, $unread() );
		$this->assertSame( 102, $read( null ) );
		$this->assertSame( array( 0, 0 ), array( $unread(), $unread() ) );
		$this->fill( $thread, $other, 1100 );
		$this->assertSame( 1000, $unread(), '1,000 or more' );
		$this->assertSame( 1100, $read( null ) );
	}

	private function point( int $thread, int $user ): string {
		global $wpdb;
		return $wpdb->get_var( 'SELECT read_up_to FROM ' . Schema::table( 'participants' ) . " WHERE thread_id = $thread AND user_id = $user" );
	}

	public function test_two_people_who_begin_at_once_get_one_private_thread(): void {
		$users = array( $this->make_user(), $this->make_user() );

		$calls = $this->call_at_once( 4, '/threads', array( 'type' => 'private', 'participants' => $users ), $this->key( $users[0] ) );

		$statuses = array_column( $calls, 0 );
		sort( $statuses );
		$this->assertSame( array( 200, 200, 200, 201 ), $statuses );
		$this->assertCount( 1, array_unique( array_map( static fn( array $call ): int => $call[1]['thread']['id'], $calls ) ) );
	}
}
