<?php
/**
 * What is handed out of a person, what is erased, and what becomes of the chat of an account that is deleted.
 */

namespace Chatpulse\Tests;

use Chatpulse\Batch;
use Chatpulse\Operation;
use Chatpulse\Personal_Data;
use Chatpulse\Schema;
use Chatpulse\Threads;

require_once ABSPATH . 'wp-admin/includes/admin.php';

final class PersonalDataTest extends SiteTestCase {

	private int $ann;
	private int $bob;
	private int $thread;

	protected function setUp(): void {
		parent::setUp();
		$this->ann    = $this->make_user();
		$this->bob    = $this->make_user();
		$this->thread = Threads::create( $this->ann, 'group', 'Plans', array( $this->bob ) )[0];
	}

	public function test_wordpress_knows_exporter_eraser_and_policy(): void {
		$this->assertArrayHasKey( 'chatpulse', apply_filters( 'wp_privacy_personal_data_exporters', array() ) );
		$this->assertArrayHasKey( 'chatpulse', apply_filters( 'wp_privacy_personal_data_erasers', array() ) );
	}

	public function test_an_export_has_everything_once_and_nothing_of_others(): void {
		$count = 2 * Personal_Data::PAGE + 5;
		$mine  = $this->say_many( $this->ann, $count );
		$this->say( $this->bob, 'Something of Bob' );
		$this->act( 'react', $this->ann, array( 'message_id' => $mine[0], 'emoji' => '👍', 'remove' => false ) );

		list( $items, $pages ) = $this->export( $this->ann );

		$messages = array_filter( $items, static fn( array $item ): bool => 'chatpulse-messages' === $item['group_id'] );
		$this->assertCount( $count, array_unique( array_column( $messages, 'item_id' ) ) );
		$this->assertSame( 3, $pages );
		$text = wp_json_encode( $items, JSON_UNESCAPED_UNICODE );
		$this->assertStringContainsString( '👍', $text );
		$this->assertStringContainsString( 'Plans', $text );
		$this->assertStringNotContainsString( 'Something of Bob', $text );
	}

	public function test_what_was_written_is_text_in_the_export(): void {
		$this->say( $this->ann, '1 < 2 <b>bold</b>' );

		list( $items ) = $this->export( $this->ann );

		$this->assertStringNotContainsString( '<b>', wp_json_encode( array_column( $items, 'data' ), JSON_UNESCAPED_SLASHES ) );
	}

	public function test_nobody_of_that_address_has_nothing(): void {
		$this->assertSame( array( 'data' => array(), 'done' => true ), Personal_Data::export( 'nobody@example.org' ) );
		$this->assertFalse( Personal_Data::erase( 'nobody@example.org' )['items_removed'] );
	}

	public function test_erasing_takes_content_reactions_and_receipts_and_keeps_conversations(): void {
		$mine   = $this->say_many( $this->ann, Personal_Data::PAGE + 1 );
		$theirs = $this->say( $this->bob, 'Something of Bob' );
		$this->act( 'react', $this->ann, array( 'message_id' => $theirs, 'emoji' => '👍', 'remove' => false ) );
		$this->act( 'react', $this->bob, array( 'message_id' => $mine[0], 'emoji' => '👍', 'remove' => false ) );
		$this->act( 'read', $this->ann, array( 'message_ids' => array( $theirs ) ) );
		list( $waiting, $carried ) = array( $this->upload( $this->ann ), $this->upload( $this->ann, $mine[0] ) );

		$answers = array();
		do {
			$answers[] = Personal_Data::erase( get_userdata( $this->ann )->user_email, count( $answers ) + 1 );
		} while ( ! end( $answers )['done'] );

		$this->assertCount( 2, $answers );
		$this->assertTrue( $answers[0]['items_removed'] );
		$this->assertTrue( $answers[1]['items_retained'] );
		$this->assertStringContainsString( '1 conversation,', $answers[1]['messages'][0] );
		$this->assertSame( 0, $this->count_rows( 'messages', "sender_id = $this->ann AND (content <> '' OR deleted_at IS NULL)" ) );
		$this->assertSame( Personal_Data::PAGE + 1, $this->count_rows( 'messages', "sender_id = $this->ann" ), 'The messages keep their places.' );
		$this->assertSame( 0, $this->count_rows( 'reactions', "user_id = $this->ann OR message_id = {$mine[0]}" ) );
		$this->assertSame( 0, $this->count_rows( 'receipts', "user_id = $this->ann" ) );
		$this->assertSame( 0, $this->count_rows( 'attachments', "uploader_id = $this->ann" ) );
		$this->assertFileDoesNotExist( $waiting );
		$this->assertFileDoesNotExist( $carried );
		$this->assertSame( 1, $this->count_rows( 'messages', "id = $theirs AND content = 'Something of Bob'" ) );
		$this->assertFalse( Personal_Data::erase( get_userdata( $this->ann )->user_email )['items_removed'], 'A second time there is nothing left.' );
	}

	public function test_deleting_an_account_keeps_what_others_answered_to_without_the_name(): void {
		$message = $this->say( $this->ann, 'Who comes along?' );
		$this->act( 'react', $this->ann, array( 'message_id' => $message, 'emoji' => '👍', 'remove' => false ) );

		wp_delete_user( $this->ann );

		list( $status, $answer ) = $this->call( 'GET', "/threads/$this->thread/messages", null, $this->key( $this->bob ) );
		$this->assertSame( 200, $status );
		$this->assertSame( array( 'Who comes along?', '', '' ), array( $answer['messages'][0]['content'], $answer['messages'][0]['sender_name'], $answer['messages'][0]['sender_email'] ) );
		$this->assertSame( array(), $answer['messages'][0]['reactions'] );
		$this->assertSame( array( $this->bob => 'owner' ), $this->roles(), 'The group has a new owner.' );
	}

	public function test_a_deleted_accounts_content_goes_to_whom_the_administrator_chose(): void {
		$carol   = $this->make_user();
		$private = Threads::create( $this->ann, 'private', null, array( $this->bob ) )[0];
		$message = $this->say( $this->ann, 'Who comes along?' );

		wp_delete_user( $this->ann, $carol );

		$this->assertSame( 1, $this->count_rows( 'messages', "id = $message AND sender_id = $carol" ) );
		$this->assertSame( array( $this->bob => 'member', $carol => 'owner' ), $this->roles() );
		list( $status ) = $this->call( 'GET', "/threads/$private/messages", null, $this->key( $carol ) );
		$this->assertSame( 200, $status );
	}

	public function test_content_that_goes_to_somebody_in_the_same_conversation_is_theirs_once(): void {
		$this->act( 'send', $this->ann, array( 'content' => 'One', 'client_id' => 'same' ) );
		$this->act( 'send', $this->bob, array( 'content' => 'Two', 'client_id' => 'same' ) );

		wp_delete_user( $this->ann, $this->bob );

		$this->assertSame( 2, $this->count_rows( 'messages', "thread_id = $this->thread AND sender_id = $this->bob" ) );
		$this->assertSame( array( $this->bob => 'owner' ), $this->roles() );
	}

	/** @return array{0: array<int, array<string, mixed>>, 1: int} Items and how many pages they came on. */
	private function export( int $user ): array {
		$items = array();
		$page  = 0;
		do {
			$answer = Personal_Data::export( get_userdata( $user )->user_email, ++$page );
			$items  = array_merge( $items, $answer['data'] );
		} while ( ! $answer['done'] );
		return array( $items, $page );
	}

	private function say( int $user, string $content ): int {
		return $this->act( 'send', $user, array( 'content' => $content ) )->body['message']['id'];
	}

	/** @return int[] */
	private function say_many( int $user, int $count ): array {
		add_filter( 'chatpulse_rate_limit', '__return_zero' );
		$sends = array();
		for ( $number = 1; $number <= $count; $number++ ) {
			$sends[] = new Operation( array( 'op' => 'send', 'user' => $user, 'thread_id' => $this->thread, 'content' => "number $number" ) );
		}
		Batch::run( $sends );
		remove_filter( 'chatpulse_rate_limit', '__return_zero' );
		return array_map( static fn( Operation $send ): int => $send->body['message']['id'], $sends );
	}

	private function act( string $what, int $user, array $fields ): Operation {
		$operation = new Operation( array( 'op' => $what, 'user' => $user, 'thread_id' => $this->thread ) + $fields );
		Batch::run( array( $operation ) );
		$this->assertNull( $operation->refusal?->getMessage() );
		return $operation;
	}

	/** A file that a user has uploaded; where it is. */
	private function upload( int $user, ?int $message = null ): string {
		global $wpdb;
		$name   = 'chatpulse-test-' . bin2hex( random_bytes( 6 ) ) . '.txt';
		$upload = wp_upload_bits( $name, null, 'content' );
		$row    = array(
			'uploader_id'   => $user,
			'file_path'     => _wp_relative_upload_path( $upload['file'] ),
			'mime_type'     => 'text/plain',
			'file_size'     => 7,
			'original_name' => 'a.txt',
			'created_at'    => current_time( 'mysql' ),
		);
		$wpdb->insert( Schema::table( 'attachments' ), null === $message ? $row : $row + array( 'message_id' => $message ) );
		$this->assertFileExists( $upload['file'] );
		return $upload['file'];
	}

	private function count_rows( string $table, string $where ): int {
		global $wpdb;
		return (int) $wpdb->get_var( 'SELECT COUNT(*) FROM ' . Schema::table( $table ) . " WHERE $where" );
	}

	/** @return array<int, string> Roles of the group by user. */
	private function roles(): array {
		global $wpdb;
		$rows = $wpdb->get_results( 'SELECT user_id, role FROM ' . Schema::table( 'participants' ) . " WHERE thread_id = $this->thread ORDER BY user_id" );
		return array_column( $rows, 'role', 'user_id' );
	}
}
