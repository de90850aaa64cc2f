<?php
/**
 * Tables of the earlier plugin change over with their rows.
 */

namespace Chatpulse\Tests;

use Chatpulse\Messages;
use Chatpulse\Operation;
use Chatpulse\Batch;
use Chatpulse\Receipts;
use Chatpulse\Schema;
use Chatpulse\Threads;

require_once __DIR__ . '/ChatTestCase.php';

final class SchemaTest extends ChatTestCase {

	private string $prefix;

	protected function setUp(): void {
		global $wpdb;
		parent::setUp();
		$this->prefix = $wpdb->prefix;
		$wpdb->prefix = 'earlier_';
		$wpdb->suppress_errors( false );
	}

	protected function tearDown(): void {
		global $wpdb;
		foreach ( Schema::tables() as $table ) {
			$wpdb->query( "DROP TABLE IF EXISTS $table" );
		}
		$wpdb->prefix = $this->prefix;
		update_option( Schema::VERSION_OPTION, Schema::VERSION );
		delete_option( Schema::ERROR_OPTION );
		delete_transient( 'chatpulse_schema_retry' );
		parent::tearDown();
	}

	/** The tables as earlier versions made them, with rows. */
	private function make_earlier_tables( string $engine = 'InnoDB', string $charset = 'utf8mb4' ): void {
		global $wpdb;
		$end     = "ENGINE=$engine DEFAULT CHARSET=$charset";
		$changes = 'datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP';
		$p       = $wpdb->prefix . 'chatpulse_';
		$foreign = static fn( string $column, string $table ): string => 'InnoDB' === $engine ? ", FOREIGN KEY ($column) REFERENCES {$p}$table(id) ON DELETE CASCADE" : '';
		foreach (
			array(
				"CREATE TABLE {$p}message_threads (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, type enum('private','group') NOT NULL DEFAULT 'private', title varchar(255), created_by bigint(20) unsigned NOT NULL,
					created_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at $changes, PRIMARY KEY (id)) $end",
				"CREATE TABLE {$p}messages (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, thread_id bigint(20) unsigned NOT NULL, sender_id bigint(20) unsigned NOT NULL, content longtext NOT NULL,
					content_type enum('text/plain','text/markdown','reaction','system') NOT NULL DEFAULT 'text/plain', status enum('sent','delivered','read') NOT NULL DEFAULT 'sent',
					created_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at $changes, PRIMARY KEY (id), KEY idx_thread_id (thread_id)" . $foreign( 'thread_id', 'message_threads' ) . ") $end",
				"CREATE TABLE {$p}message_participants (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, thread_id bigint(20) unsigned NOT NULL, user_id bigint(20) unsigned NOT NULL, role enum('member','admin','owner') NOT NULL DEFAULT 'member',
					joined_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id), UNIQUE KEY thread_user (thread_id, user_id)" . $foreign( 'thread_id', 'message_threads' ) . ") $end",
				"CREATE TABLE {$p}message_attachments (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, message_id bigint(20) unsigned NOT NULL, file_path varchar(500) NOT NULL, mime_type varchar(100) NOT NULL, file_size bigint(20) unsigned NOT NULL,
					original_name varchar(255) NOT NULL, created_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id), KEY idx_message_id (message_id)" . $foreign( 'message_id', 'messages' ) . ") $end",
				"CREATE TABLE {$p}message_read_receipts (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, message_id bigint(20) unsigned NOT NULL, user_id bigint(20) unsigned NOT NULL, delivered_at datetime, read_at datetime,
					created_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id)" . ( 'InnoDB' === $engine ? ', UNIQUE KEY message_user (message_id, user_id)' : '' ) . $foreign( 'message_id', 'messages' ) . ") $end",
				"INSERT INTO {$p}message_threads VALUES (7, 'private', 'Grüße', 1, '2025-10-26 02:30:00', '2025-10-26 02:31:00')",
				"INSERT INTO {$p}message_participants VALUES (1, 7, 1, 'owner', '2025-10-26 02:30:00'), (2, 7, 2, 'member', '2025-10-26 02:30:00')",
				"INSERT INTO {$p}messages VALUES (41, 7, 1, 'first ä', 'text/plain', 'read', '2025-10-26 02:30:00', '2025-10-26 02:30:00'), (42, 7, 2, 'second', 'text/markdown', 'sent', '2025-10-26 02:31:00', '2025-10-26 02:31:00')",
				"INSERT INTO {$p}message_attachments VALUES (3, 42, '2025/10/a.pdf', 'application/pdf', 10, 'a.pdf', '2025-10-26 02:31:00'), (4, 42, '2025/10/b.pdf', 'application/pdf', 11, 'b.pdf', '2025-10-26 02:31:00')",
				"INSERT INTO {$p}message_read_receipts VALUES (5, 41, 2, NULL, '2025-10-26 02:32:00', '2025-10-26 02:32:00')",
			) as $statement
		) {
			$this->assertNotFalse( $wpdb->query( $statement ), $wpdb->last_error );
		}
	}

	public function test_rows_stay_and_everything_new_works_on_them(): void {
		$this->make_earlier_tables();

		$this->assertTrue( Schema::migrate(), (string) get_option( Schema::ERROR_OPTION ) );
		$this->assertTrue( Schema::migrate(), 'and again' );

		$this->assertSame( array( 7 ), array_column( Threads::shape( array( 7 ), 2 ), 'id' ) );
		list( $rows, $more ) = Messages::page( 7, 10, null, null, null );
		$messages            = array_values( Messages::shape( $rows ) );
		$this->assertFalse( $more );
		$this->assertSame( array( array( 41, 'first ä', 'read' ), array( 42, 'second', 'sent' ) ), array_map( static fn( array $message ): array => array( $message['id'], $message['content'], $message['status'] ), $messages ) );
		$this->assertSame( array( 2 ), array_column( Receipts::of( 41 ), 'user_id' ) );
		$this->assertSame( array( 'a.pdf', 'b.pdf' ), array_column( $messages[1]['attachments'], 'filename' ) );

		$operations = array_map(
			static fn( array $given ): Operation => new Operation( array( 'thread_id' => 7 ) + $given ),
			array(
				array( 'op' => 'send', 'user' => 1, 'content' => 'new', 'client_id' => 'x' ),
				array( 'op' => 'read', 'user' => 1, 'message_ids' => array( 42 ) ),
				array( 'op' => 'react', 'user' => 2, 'message_id' => 41, 'emoji' => '👍' ),
				array( 'op' => 'edit', 'user' => 2, 'message_id' => 42, 'content' => 'changed' ),
			)
		);
		Batch::run( $operations );
		$this->assertSame( array( 201, 200, 200, 200 ), array_map( static fn( Operation $operation ): int => $operation->result()['status'], $operations ) );
		$this->assertGreaterThan( 42, $operations[0]->body['message']['id'] );
	}

	public function test_tables_of_another_engine_and_character_set_change_over(): void {
		global $wpdb;
		$this->make_earlier_tables( 'MyISAM', 'utf8mb3' );
		$receipts = Schema::table( 'receipts' );
		$wpdb->query( "INSERT INTO $receipts (message_id, user_id, read_at) VALUES (41, 2, NOW())" );

		$this->assertTrue( Schema::migrate(), (string) get_option( Schema::ERROR_OPTION ) );

		foreach ( Schema::tables() as $table ) {
			$status = $wpdb->get_row( "SHOW TABLE STATUS LIKE '$table'" );
			$this->assertSame( 'InnoDB', $status->Engine );
			$this->assertStringStartsWith( 'utf8mb4', $status->Collation );
		}
		$this->assertSame( 'first ä', Messages::find( array( 41 ) )[41]->content );
		$this->assertSame( '1', $wpdb->get_var( "SELECT COUNT(*) FROM $receipts" ), 'one receipt a person and message' );
	}

	public function test_the_sites_time_stays_when_a_row_changes(): void {
		global $wpdb;
		$this->make_earlier_tables();
		Schema::migrate();

		Receipts::advance( array( 42 ), 'delivered' );

		$this->assertSame( '2025-10-26 02:31:00', Messages::find( array( 42 ) )[42]->updated_at );
	}

	public function test_new_tables_are_as_changed_ones(): void {
		global $wpdb;
		$describe = static function () use ( $wpdb ): array {
			$tables = array();
			foreach ( Schema::tables() as $table ) {
				$columns = $wpdb->get_results( "SHOW COLUMNS FROM $table", OBJECT_K );
				ksort( $columns );
				$tables[ $table ] = array_map( static fn( object $column ): array => array( $column->Type, $column->Null, $column->Extra ), $columns );
			}
			return $tables;
		};
		$this->make_earlier_tables();
		Schema::migrate();
		$changed = $describe();
		Schema::drop();
		$this->assertSame( array(), $wpdb->get_col( "SHOW TABLES LIKE 'earlier\\_%'" ) );

		$this->assertTrue( Schema::migrate() );

		$this->assertSame( $changed, $describe() );
	}

	public function test_what_the_database_refuses_is_written_down_and_not_tried_with_each_request(): void {
		global $wpdb;
		$this->make_earlier_tables();
		$wpdb->query( 'DROP TABLE ' . Schema::table( 'receipts' ) );
		$wpdb->query( 'CREATE VIEW ' . Schema::table( 'receipts' ) . ' AS SELECT 1 AS id' );
		try {
			$this->assertFalse( Schema::migrate() );
			$this->assertNotSame( '', (string) get_option( Schema::ERROR_OPTION, '' ) );
			update_option( Schema::VERSION_OPTION, '0' );
			$wpdb->query( 'DROP VIEW ' . Schema::table( 'receipts' ) );

			Schema::keep_up_to_date();
			$this->assertSame( '0', get_option( Schema::VERSION_OPTION ), 'not within a minute' );
			delete_transient( 'chatpulse_schema_retry' );
			Schema::keep_up_to_date();
			$this->assertSame( Schema::VERSION, get_option( Schema::VERSION_OPTION ) );
			$this->assertFalse( get_option( Schema::ERROR_OPTION ) );
		} finally {
			$wpdb->query( 'DROP VIEW IF EXISTS ' . Schema::table( 'receipts' ) );
		}
	}

	public function test_the_earlier_address_is_taken_over(): void {
		$before = get_option( 'chatpulse_socket_url' );
		update_option( 'chatpulse_socket_url', '' );
		update_option( 'chatpulse_socket_server_url', 'https://chat.example.org' );
		try {
			Schema::migrate();
			$this->assertSame( 'https://chat.example.org', \Chatpulse\Options::socket_url() );
		} finally {
			delete_option( 'chatpulse_socket_server_url' );
			update_option( 'chatpulse_socket_url', $before );
		}
	}
}
