<?php
/**
 * Messages.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes messages. Who may do it is decided by the callers: Batch for what changes, the REST routes for what reads.
 */
final class Messages {

	/** Characters in a message. */
	public const CONTENT = 10000;

	/** Characters in a client's id. */
	public const CLIENT_ID = 255;

	public const CONTENT_TYPES = array( 'text/plain', 'text/markdown', 'reaction', 'system' );

	/** How many bytes of content go into one statement at most: far below any server's max_allowed_packet. */
	private const STATEMENT_BYTES = 400000;

	/**
	 * Whether a value can be a message's content.
	 *
	 * @param mixed $content The value.
	 */
	public static function is_content( mixed $content ): bool {
		return is_string( $content ) && mb_check_encoding( $content, 'UTF-8' ) && '' !== trim( $content ) && mb_strlen( $content, 'UTF-8' ) <= self::CONTENT;
	}

	/**
	 * Whether a value can be a client's id.
	 *
	 * @param mixed $client_id The value.
	 */
	public static function is_client_id( mixed $client_id ): bool {
		return is_string( $client_id ) && '' !== $client_id && mb_check_encoding( $client_id, 'UTF-8' ) && mb_strlen( $client_id, 'UTF-8' ) <= self::CLIENT_ID;
	}

	/**
	 * Content as it is stored: what is safe in a post is safe in a message.
	 *
	 * @param string $content Something that is_content().
	 * @param string $type    Its content type.
	 * @throws Refusal When nothing is left, or a reaction is no emoji.
	 */
	public static function clean( string $content, string $type ): string {
		// "1 < 2 and 3 > 2" has no tag, but wp_kses_post() would take one out of it.
		$clean = wp_kses_post( (string) preg_replace( '/<(?![a-z\/!?])/i', '&lt;', trim( $content ) ) );
		if ( '' === trim( $clean ) ) {
			throw new Refusal( 'empty_content', __( 'Message content cannot be empty.', 'chatpulse' ), 400 );
		}
		if ( 'reaction' === $type && ! Reactions::is_content( $clean ) ) {
			throw new Refusal( 'invalid_reaction', __( 'Invalid reaction format.', 'chatpulse' ), 400 );
		}
		return $clean;
	}

	/**
	 * Stores messages in one go, in their order.
	 *
	 * @param Operation[] $sends What to store; their content is clean. Their threads are locked.
	 * @return int[] The ids, in the same order.
	 * @throws Database_Failure When one of them cannot be stored. None is stored then, but the transaction can go on.
	 */
	public static function insert( array $sends ): array {
		global $wpdb;
		$ids   = array();
		$chunk = array();
		$bytes = 0;
		$store = static function () use ( &$ids, &$chunk, &$bytes, $wpdb ): void {
			$local  = Clock::now();
			$gmt    = Clock::now_gmt();
			$tuples = array();
			$values = array();
			foreach ( $chunk as $send ) {
				$tuples[] = null === $send->client_id ? '(%d, %d, %s, %s, %s, %s, %s, NULL)' : '(%d, %d, %s, %s, %s, %s, %s, %s)';
				array_push( $values, $send->thread_id, $send->user_id, $send->content, $send->content_type, $local, $local, $gmt );
				if ( null !== $send->client_id ) {
					$values[] = $send->client_id;
				}
			}
			Database::run(
				'INSERT INTO ' . Schema::table( 'messages' ) . ' (thread_id, sender_id, content, content_type, created_at, updated_at, created_at_gmt, client_id) VALUES ' . implode( ', ', $tuples ),
				...$values
			);
			$first = (int) $wpdb->insert_id;
			// The ids of one statement follow each other; in a cluster every node has steps of its own.
			$step = count( $chunk ) > 1 ? max( 1, (int) Database::row( 'SELECT @@auto_increment_increment AS step' )->step ) : 1;
			foreach ( array_keys( $chunk ) as $index ) {
				$ids[] = $first + $step * $index;
			}
			$chunk = array();
			$bytes = 0;
		};
		foreach ( $sends as $send ) {
			$chunk[] = $send;
			$bytes  += strlen( $send->content );
			if ( $bytes > self::STATEMENT_BYTES ) {
				$store();
			}
		}
		if ( $chunk ) {
			$store();
		}
		return $ids;
	}

	/**
	 * The messages that senders have stored under these client ids before.
	 *
	 * @param Operation[] $sends   Sends with a client id.
	 * @param bool        $current Whether to see what others committed since the transaction began.
	 * @return array<string, int> Message by Operation::once_key().
	 */
	public static function stored_before( array $sends, bool $current = false ): array {
		if ( ! $sends ) {
			return array();
		}
		$values = array();
		foreach ( $sends as $send ) {
			array_push( $values, $send->thread_id, $send->user_id, $send->client_id );
		}
		$where = implode( ' OR ', array_fill( 0, count( $sends ), '(thread_id = %d AND sender_id = %d AND client_id = %s)' ) );
		$found = array();
		foreach ( Database::rows( 'SELECT id, thread_id, sender_id, client_id FROM ' . Schema::table( 'messages' ) . " WHERE $where" . ( $current ? ' LOCK IN SHARE MODE' : '' ), ...$values ) as $row ) {
			$found[ Operation::key_of( (int) $row->thread_id, (int) $row->sender_id, $row->client_id ) ] = (int) $row->id;
		}
		return $found;
	}

	/**
	 * Messages by id.
	 *
	 * @param int[] $ids  The ids.
	 * @param bool  $lock Whether to keep others from changing them until the transaction ends.
	 * @return array<int, object> Rows by id; unknown ids are missing.
	 */
	public static function find( array $ids, bool $lock = false ): array {
		$found = array();
		foreach ( array_chunk( $ids, 1000 ) as $chunk ) {
			sort( $chunk );
			foreach ( Database::rows( 'SELECT * FROM ' . Schema::table( 'messages' ) . ' WHERE id IN (' . Database::list_of( $chunk ) . ') ORDER BY id' . ( $lock ? ' FOR UPDATE' : '' ), ...$chunk ) as $row ) {
				$found[ (int) $row->id ] = $row;
			}
		}
		return $found;
	}

	/**
	 * Keeps others from changing messages until the transaction ends.
	 *
	 * @param int[] $ids The messages.
	 */
	public static function lock( array $ids ): void {
		sort( $ids );
		foreach ( array_chunk( $ids, 1000 ) as $chunk ) {
			Database::rows( 'SELECT id FROM ' . Schema::table( 'messages' ) . ' WHERE id IN (' . Database::list_of( $chunk ) . ') ORDER BY id FOR UPDATE', ...$chunk );
		}
	}

	/**
	 * A page of a thread.
	 *
	 * @param int         $thread_id   The thread.
	 * @param int         $limit       How many.
	 * @param int|null    $before_id   The last ones before this one.
	 * @param int|null    $after_id    The first ones after this one; 0: from the beginning.
	 * @param string|null $before_time The last ones before this time, in the site's time zone.
	 * @return array{0: object[], 1: bool} Rows, oldest first, and whether there are more in the direction asked for.
	 */
	public static function page( int $thread_id, int $limit, ?int $before_id, ?int $after_id, ?string $before_time ): array {
		$where  = 'thread_id = %d';
		$values = array( $thread_id );
		if ( null !== $before_id ) {
			$where   .= ' AND id < %d';
			$values[] = $before_id;
		}
		if ( null !== $after_id ) {
			$where   .= ' AND id > %d';
			$values[] = $after_id;
		}
		if ( null !== $before_time ) {
			$where   .= ' AND created_at < %s';
			$values[] = $before_time;
		}
		$values[] = $limit + 1;
		$order    = null === $after_id ? 'id DESC' : 'id ASC';
		if ( null !== $before_time && null === $after_id ) {
			// So that an index finds them, however far back it is.
			$order = 'created_at DESC, id DESC';
		}
		$rows = Database::rows( 'SELECT * FROM ' . Schema::table( 'messages' ) . " WHERE $where ORDER BY $order LIMIT %d", ...$values );
		$more = count( $rows ) > $limit;
		$rows = array_slice( $rows, 0, $limit );
		usort( $rows, static fn( object $one, object $other ): int => (int) $one->id <=> (int) $other->id );
		return array( $rows, $more );
	}

	/**
	 * Gives a message new content.
	 *
	 * @param int    $id      The message.
	 * @param string $content Clean content.
	 */
	public static function edit( int $id, string $content ): void {
		$now = Clock::now();
		Database::run( 'UPDATE ' . Schema::table( 'messages' ) . ' SET content = %s, edited_at = %s, updated_at = %s WHERE id = %d', $content, $now, $now, $id );
	}

	/**
	 * Takes a message's content, files and reactions away; it keeps its place.
	 *
	 * @param int $id The message.
	 * @return string[] Paths of its files, for Attachments::delete_files() once it is committed.
	 */
	public static function delete( int $id ): array {
		$now = Clock::now();
		Database::run( 'UPDATE ' . Schema::table( 'messages' ) . " SET content = '', deleted_at = %s, updated_at = %s WHERE id = %d AND deleted_at IS NULL", $now, $now, $id );
		Reactions::clear( $id );
		return Attachments::drop( $id );
	}

	/**
	 * Messages as answers show them.
	 *
	 * @param object[] $rows Rows of the table.
	 * @param int[]    $bare Those of which it is known that they have no files and no reactions: they are not looked up.
	 * @return array<int, array<string, mixed>> By id, in the order of the rows.
	 */
	public static function shape( array $rows, array $bare = array() ): array {
		if ( ! $rows ) {
			return array();
		}
		$ids         = array_diff( array_map( static fn( object $row ): int => (int) $row->id, array_values( $rows ) ), $bare );
		$attachments = $ids ? Attachments::of( $ids ) : array();
		$reactions   = $ids ? Reactions::of( $ids ) : array();
		People::load( array_map( static fn( object $row ): int => (int) $row->sender_id, array_values( $rows ) ) );
		$shapes = array();
		foreach ( $rows as $row ) {
			$id            = (int) $row->id;
			$sender_id     = (int) $row->sender_id;
			$deleted       = null !== $row->deleted_at;
			$shapes[ $id ] = array(
				'id'             => $id,
				'thread_id'      => (int) $row->thread_id,
				'sender_id'      => $sender_id,
				'sender_name'    => People::name( $sender_id ),
				'sender_email'   => People::email( $sender_id ),
				'content'        => $deleted ? '' : $row->content,
				'content_type'   => $row->content_type,
				'status'         => $row->status,
				'created_at'     => $row->created_at,
				'updated_at'     => $row->updated_at,
				'attachments'    => $deleted ? array() : ( $attachments[ $id ] ?? array() ),
				'created_at_gmt' => Clock::iso( $row->created_at, $row->created_at_gmt ),
				'updated_at_gmt' => $row->updated_at === $row->created_at ? Clock::iso( $row->created_at, $row->created_at_gmt ) : Clock::iso( $row->updated_at ),
				'edited_at_gmt'  => Clock::iso( $row->edited_at ),
				'deleted_at_gmt' => Clock::iso( $row->deleted_at ),
				'reactions'      => $deleted ? array() : ( $reactions[ $id ] ?? array() ),
				'client_id'      => $row->client_id,
			);
		}
		return $shapes;
	}
}
