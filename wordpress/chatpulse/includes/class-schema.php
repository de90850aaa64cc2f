<?php
/**
 * The plugin's tables.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Makes the tables, and brings tables of earlier versions up to date with their rows.
 *
 * What is there is read from the database and only what is missing is changed, so a run that was cut short is simply run again.
 * Each site of a network has its own tables; they are made when the site is first asked for something.
 */
final class Schema {

	/** Raised whenever definitions() changes. */
	public const VERSION = '4';

	/** The version that this site's tables have. */
	public const VERSION_OPTION = 'chatpulse_schema_version';

	/** Why the tables could not be brought up to date; not there where they could. */
	public const ERROR_OPTION = 'chatpulse_schema_error';

	/** The transient that keeps a site whose tables cannot be changed from trying it with each request. */
	private const RETRY_TRANSIENT = 'chatpulse_schema_retry';

	/** Where an earlier version kept the address that browsers use. */
	private const EARLIER_SOCKET_URL = 'chatpulse_socket_server_url';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action( 'init', array( self::class, 'keep_up_to_date' ), 1 );
	}

	/**
	 * A table's full name on the current site.
	 *
	 * @param string $name One of 'threads', 'participants', 'messages', 'attachments', 'receipts', 'reactions'.
	 */
	public static function table( string $name ): string {
		global $wpdb;
		$names = array(
			'threads'      => 'message_threads',
			'participants' => 'message_participants',
			'messages'     => 'messages',
			'attachments'  => 'message_attachments',
			'receipts'     => 'message_read_receipts',
			'reactions'    => 'message_reactions',
		);
		return $wpdb->prefix . 'chatpulse_' . $names[ $name ];
	}

	/**
	 * The full names of all tables on the current site, in an order in which they can be dropped.
	 *
	 * @return string[]
	 */
	public static function tables(): array {
		return array_map( array( self::class, 'table' ), array( 'reactions', 'receipts', 'attachments', 'messages', 'participants', 'threads' ) );
	}

	/**
	 * Whether the current site has its tables: a site of a network may not have been asked for anything yet.
	 */
	public static function is_ready(): bool {
		return self::VERSION === get_option( self::VERSION_OPTION );
	}

	/**
	 * Changes the tables if they are another version's. Costs nothing where they are not: the version is an autoloaded option.
	 */
	public static function keep_up_to_date(): void {
		if ( self::is_ready() || get_transient( self::RETRY_TRANSIENT ) ) {
			return;
		}
		self::migrate();
	}

	/**
	 * Makes or changes the tables now.
	 *
	 * @return bool Whether they are as they should be; otherwise ERROR_OPTION says what the database refused.
	 */
	public static function migrate(): bool {
		global $wpdb;
		$lock = substr( 'chatpulse_schema_' . md5( DB_NAME . $wpdb->prefix ), 0, 64 );
		$wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 30)', $lock ) );
		try {
			foreach ( self::definitions() as $name => $definition ) {
				self::apply( self::table( $name ), $definition );
			}
			self::take_over_options();
			update_option( self::VERSION_OPTION, self::VERSION, true );
			delete_option( self::ERROR_OPTION );
			return true;
		} catch ( Database_Failure $failure ) {
			update_option( self::ERROR_OPTION, $failure->getMessage(), false );
			set_transient( self::RETRY_TRANSIENT, 1, MINUTE_IN_SECONDS );
			return false;
		} finally {
			$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
		}
	}

	/**
	 * Drops the current site's tables with everything in them, for uninstalling.
	 */
	public static function drop(): void {
		global $wpdb;
		foreach ( self::tables() as $table ) {
			// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table name of ours.
			$wpdb->query( "DROP TABLE IF EXISTS `$table`" );
		}
		delete_option( self::VERSION_OPTION );
		delete_option( self::ERROR_OPTION );
	}

	/**
	 * Columns, keys and foreign keys of each table. 'alter' names columns that earlier versions had otherwise.
	 *
	 * @return array<string, array{columns: array<string, string>, keys: array<string, array{0: string, 1: string[]}>, parent?: array{0: string, 1: string}, alter?: string[]}>
	 */
	private static function definitions(): array {
		$id = 'bigint(20) unsigned NOT NULL AUTO_INCREMENT';
		$to = 'bigint(20) unsigned NOT NULL';
		return array(
			'threads'      => array(
				'columns' => array(
					'id'         => $id,
					'type'       => "enum('private','group') NOT NULL DEFAULT 'private'",
					'title'      => 'varchar(255) NULL DEFAULT NULL',
					'created_by' => $to,
					'created_at' => 'datetime NOT NULL',
					'updated_at' => 'datetime NOT NULL',
				),
				'keys'    => array(
					'idx_created_by' => array( 'KEY', array( 'created_by' ) ),
				),
				// A database that sets it by itself would use its own time zone instead of the site's.
				'alter'   => array( 'updated_at' ),
			),
			'participants' => array(
				'columns' => array(
					'id'         => $id,
					'thread_id'  => $to,
					'user_id'    => $to,
					'role'       => "enum('member','admin','owner') NOT NULL DEFAULT 'member'",
					'joined_at'  => 'datetime NOT NULL',
					// No message of others up to this one is unread; there may be later ones of which that is true, too.
					'read_up_to' => 'bigint(20) unsigned NOT NULL DEFAULT 0',
				),
				'keys'    => array(
					'thread_user' => array( 'UNIQUE KEY', array( 'thread_id', 'user_id' ) ),
					'user_thread' => array( 'KEY', array( 'user_id', 'thread_id' ) ),
				),
				'parent'  => array( 'thread_id', 'threads' ),
			),
			'messages'     => array(
				'columns' => array(
					'id'             => $id,
					'thread_id'      => $to,
					'sender_id'      => $to,
					'content'        => 'longtext NOT NULL',
					'content_type'   => "enum('text/plain','text/markdown','reaction','system') NOT NULL DEFAULT 'text/plain'",
					'status'         => "enum('sent','delivered','read') NOT NULL DEFAULT 'sent'",
					'created_at'     => 'datetime NOT NULL',
					'updated_at'     => 'datetime NOT NULL',
					// UTC, which is the same whatever the site's time zone is or becomes. Null in rows of earlier versions.
					'created_at_gmt' => 'datetime NULL DEFAULT NULL',
					'edited_at'      => 'datetime NULL DEFAULT NULL',
					'deleted_at'     => 'datetime NULL DEFAULT NULL',
					// Bytes and not text: a collation would take "a" and "a " for the same id. 255 characters of UTF-8.
					'client_id'      => 'varbinary(1020) NULL DEFAULT NULL',
				),
				'keys'    => array(
					'once'        => array( 'UNIQUE KEY', array( 'thread_id', 'sender_id', 'client_id' ) ),
					'thread_page' => array( 'KEY', array( 'thread_id', 'id' ) ),
					'thread_time' => array( 'KEY', array( 'thread_id', 'created_at' ) ),
					'sender_rate' => array( 'KEY', array( 'sender_id', 'created_at_gmt' ) ),
				),
				'parent'  => array( 'thread_id', 'threads' ),
				'alter'   => array( 'updated_at' ),
			),
			'attachments'  => array(
				'columns' => array(
					'id'            => $id,
					// Null until a message carries the file.
					'message_id'    => 'bigint(20) unsigned NULL DEFAULT NULL',
					'uploader_id'   => 'bigint(20) unsigned NOT NULL DEFAULT 0',
					// Among the message's files. 0 in rows of earlier versions, whose files are in the order of their ids.
					'position'      => 'smallint(5) unsigned NOT NULL DEFAULT 0',
					'file_path'     => 'varchar(500) NOT NULL',
					'mime_type'     => 'varchar(100) NOT NULL',
					'file_size'     => 'bigint(20) unsigned NOT NULL DEFAULT 0',
					'original_name' => 'varchar(255) NOT NULL',
					'created_at'    => 'datetime NOT NULL',
				),
				'keys'    => array(
					'idx_message_id' => array( 'KEY', array( 'message_id' ) ),
					'idx_uploader'   => array( 'KEY', array( 'uploader_id' ) ),
				),
				'parent'  => array( 'message_id', 'messages' ),
				'alter'   => array( 'message_id' ),
			),
			'receipts'     => array(
				'columns' => array(
					'id'           => $id,
					'message_id'   => $to,
					'user_id'      => $to,
					'delivered_at' => 'datetime NULL DEFAULT NULL',
					'read_at'      => 'datetime NULL DEFAULT NULL',
					'created_at'   => 'datetime NOT NULL DEFAULT CURRENT_TIMESTAMP',
				),
				'keys'    => array(
					'message_user' => array( 'UNIQUE KEY', array( 'message_id', 'user_id' ) ),
					'idx_user_id'  => array( 'KEY', array( 'user_id' ) ),
				),
				'parent'  => array( 'message_id', 'messages' ),
				'alter'   => array( 'delivered_at', 'read_at' ),
			),
			'reactions'    => array(
				'columns' => array(
					'id'         => $id,
					'message_id' => $to,
					'user_id'    => $to,
					// Bytes: most collations hold all emoji to be the same. 64 UTF-16 units of UTF-8.
					'emoji'      => 'varbinary(192) NOT NULL',
					'created_at' => 'datetime NOT NULL',
				),
				'keys'    => array(
					'message_user_emoji' => array( 'UNIQUE KEY', array( 'message_id', 'user_id', 'emoji' ) ),
					'idx_user_id'        => array( 'KEY', array( 'user_id' ) ),
				),
				'parent'  => array( 'message_id', 'messages' ),
			),
		);
	}

	/**
	 * Makes one table, or changes what it lacks.
	 *
	 * @param string               $table      Its full name.
	 * @param array<string, mixed> $definition Of definitions().
	 * @throws Database_Failure When the database refuses.
	 */
	private static function apply( string $table, array $definition ): void {
		global $wpdb;
		$status = $wpdb->get_row( $wpdb->prepare( 'SHOW TABLE STATUS LIKE %s', $wpdb->esc_like( $table ) ) );
		if ( null === $status ) {
			self::create( $table, $definition );
			return;
		}

		$changes = array();
		// Transactions and foreign keys are InnoDB's; emoji are utf8mb4's.
		if ( 'innodb' !== strtolower( (string) $status->Engine ) ) {
			$changes[] = 'ENGINE=InnoDB';
		}
		$changes[] = 'ROW_FORMAT=DYNAMIC';
		if ( ! str_starts_with( (string) $status->Collation, 'utf8mb4' ) ) {
			$changes[] = 'CONVERT TO CHARACTER SET utf8mb4';
		}

		$there = array();
		foreach ( Database::rows( "SHOW COLUMNS FROM `$table`" ) as $column ) {
			$there[ $column->Field ] = $column;
		}
		foreach ( $definition['columns'] as $name => $column ) {
			if ( ! isset( $there[ $name ] ) ) {
				$changes[] = "ADD COLUMN `$name` $column";
			} elseif ( in_array( $name, $definition['alter'] ?? array(), true ) && self::differs( $there[ $name ], $column ) ) {
				$changes[] = "MODIFY COLUMN `$name` $column";
			}
		}
		if ( count( $changes ) > 1 || strtolower( (string) $status->Row_format ) !== 'dynamic' ) {
			Database::run( "ALTER TABLE `$table` " . implode( ', ', $changes ) );
		}

		$keys = self::keys_of( $table );
		foreach ( $definition['keys'] as $name => list( $kind, $columns ) ) {
			$wanted = implode( ',', $columns );
			if ( in_array( $wanted, 'KEY' === $kind ? $keys['all'] : $keys['unique'], true ) ) {
				continue;
			}
			if ( 'KEY' !== $kind && ! in_array( 'client_id', $columns, true ) ) {
				$same = implode( ' AND ', array_map( static fn( string $column ): string => "later.`$column` = first.`$column`", $columns ) );
				Database::run( "DELETE later FROM `$table` later JOIN `$table` first ON $same AND later.id > first.id" );
			}
			Database::run( "ALTER TABLE `$table` ADD " . self::key( $name, $kind, $columns ) );
		}
	}

	/**
	 * Makes a table that is not there.
	 *
	 * @param string               $table      Its full name.
	 * @param array<string, mixed> $definition Of definitions().
	 * @throws Database_Failure When the database refuses.
	 */
	private static function create( string $table, array $definition ): void {
		global $wpdb;
		$parts = array();
		foreach ( $definition['columns'] as $name => $column ) {
			$parts[] = "`$name` $column";
		}
		$parts[] = 'PRIMARY KEY (`id`)';
		foreach ( $definition['keys'] as $name => list( $kind, $columns ) ) {
			$parts[] = self::key( $name, $kind, $columns );
		}
		if ( isset( $definition['parent'] ) ) {
			list( $column, $parent ) = $definition['parent'];
			$parts[]                 = "FOREIGN KEY (`$column`) REFERENCES `" . self::table( $parent ) . '` (`id`) ON DELETE CASCADE';
		}
		$collate = str_starts_with( (string) $wpdb->collate, 'utf8mb4' ) ? " COLLATE {$wpdb->collate}" : '';
		Database::run( "CREATE TABLE IF NOT EXISTS `$table` (" . implode( ', ', $parts ) . ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4$collate" );
	}

	/**
	 * Whether a column that is there may be null, or is set by the database itself, where the definition says otherwise.
	 *
	 * @param object $column     A row of SHOW COLUMNS.
	 * @param string $definition The definition.
	 */
	private static function differs( object $column, string $definition ): bool {
		$nullable = ! str_contains( $definition, 'NOT NULL' );
		return ( 'YES' === $column->Null ) !== $nullable || str_contains( strtolower( (string) $column->Extra ), 'on update' );
	}

	/**
	 * A table's keys, each as the list of its columns.
	 *
	 * @param string $table The full name.
	 * @return array{all: string[], unique: string[]}
	 */
	private static function keys_of( string $table ): array {
		$columns = array();
		$unique  = array();
		foreach ( Database::rows( "SHOW INDEX FROM `$table`" ) as $part ) {
			$columns[ $part->Key_name ][ (int) $part->Seq_in_index ] = $part->Column_name;
			$unique[ $part->Key_name ]                               = '0' === (string) $part->Non_unique;
		}
		$lists = array_map(
			static function ( array $names ): string {
				ksort( $names );
				return implode( ',', $names );
			},
			$columns
		);
		return array(
			'all'    => array_values( $lists ),
			'unique' => array_values( array_intersect_key( $lists, array_filter( $unique ) ) ),
		);
	}

	/**
	 * A key as SQL.
	 *
	 * @param string   $name    Its name.
	 * @param string   $kind    KEY or UNIQUE KEY.
	 * @param string[] $columns Its columns.
	 */
	private static function key( string $name, string $kind, array $columns ): string {
		return "$kind `$name` (`" . implode( '`, `', $columns ) . '`)';
	}

	/**
	 * Takes over what an earlier version kept under another name, and makes the secrets and settings that are not there yet. Those are
	 * loaded with all others at once; each that is missing would cost every request a query.
	 */
	private static function take_over_options(): void {
		$earlier = get_option( self::EARLIER_SOCKET_URL, '' );
		if ( '' === Options::socket_url() && is_string( $earlier ) && '' !== $earlier ) {
			update_option( Options::SOCKET_URL, esc_url_raw( $earlier ), true );
		}
		foreach ( array( Options::API_KEY, Options::TOKEN_SECRET, Options::WEBHOOK_SECRET ) as $secret ) {
			if ( '' === Options::text( $secret ) ) {
				update_option( $secret, bin2hex( random_bytes( 32 ) ), true );
			}
		}
		foreach ( Options::DEFAULTS as $option => $value ) {
			add_option( $option, $value );
		}
	}
}
