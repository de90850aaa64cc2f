<?php
/**
 * Who has received and who has read messages.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes receipts, and the status of messages that follows from them.
 */
final class Receipts {

	/** How many messages one call marks when all are asked for; asking again marks the rest. */
	public const MARKED_AT_ONCE = 10000;

	/** Up to how many unread messages of a thread are counted. */
	private const COUNTED = 1000;

	/** By how much the point up to which everything is read has to move before it is written down. */
	private const WORTH_MOVING = 100;

	/** How many receipts are written or looked up with one statement. */
	private const CHUNK = 1000;

	/**
	 * Which of these receipts are there already as read.
	 *
	 * @param array<string, array{0: int, 1: int}> $pairs Message and user, by "message:user".
	 * @return array<string, true> By "message:user".
	 */
	public static function read_already( array $pairs ): array {
		$there = array();
		foreach ( array_chunk( $pairs, self::CHUNK ) as $chunk ) {
			$where = implode( ' OR ', array_fill( 0, count( $chunk ), '(message_id = %d AND user_id = %d)' ) );
			$rows  = Database::rows( 'SELECT message_id, user_id FROM ' . Schema::table( 'receipts' ) . " WHERE read_at IS NOT NULL AND ($where)", ...array_merge( ...$chunk ) );
			foreach ( $rows as $row ) {
				$there[ "$row->message_id:$row->user_id" ] = true;
			}
		}
		return $there;
	}

	/**
	 * The messages of a thread that a user has not read, the newest first.
	 *
	 * @param int      $thread_id The thread.
	 * @param int      $user_id   The user, whose own messages are passed over.
	 * @param int|null $before_id Only older ones than this, where given.
	 * @return int[]
	 */
	public static function unread_ids( int $thread_id, int $user_id, ?int $before_id ): array {
		return Database::ids(
			'SELECT m.id FROM ' . Schema::table( 'messages' ) . ' m LEFT JOIN ' . Schema::table( 'receipts' ) . ' r ON r.message_id = m.id AND r.user_id = %d
			WHERE m.thread_id = %d AND m.id > COALESCE((SELECT p.read_up_to FROM ' . Schema::table( 'participants' ) . ' p WHERE p.thread_id = %d AND p.user_id = %d), 0)
			AND m.sender_id <> %d AND m.id < %d AND m.deleted_at IS NULL AND r.read_at IS NULL ORDER BY m.id DESC LIMIT %d',
			$user_id,
			$thread_id,
			$thread_id,
			$user_id,
			$user_id,
			$before_id ?? PHP_INT_MAX,
			self::MARKED_AT_ONCE
		);
	}

	/**
	 * How many messages of others a user has not read; 1,000 stands for that many and more.
	 *
	 * Looks only at what came after the point up to which everything is read, and moves that point, so that a long history costs
	 * nothing.
	 *
	 * @param array<int, int> $newest  The newest message by thread, read before this is called.
	 * @param int             $user_id The user.
	 * @return array<int, int> By thread; one that is missing has none.
	 */
	public static function unread( array $newest, int $user_id ): array {
		if ( ! $newest ) {
			return array();
		}
		$participants = Schema::table( 'participants' );
		$points       = array();
		foreach ( Database::rows( "SELECT thread_id, read_up_to FROM $participants WHERE user_id = %d AND thread_id IN (" . Database::list_of( $newest ) . ')', $user_id, ...array_keys( $newest ) ) as $row ) {
			$points[ (int) $row->thread_id ] = (int) $row->read_up_to;
		}
		$looks  = array();
		$values = array();
		foreach ( $points as $thread_id => $point ) {
			if ( $point < $newest[ $thread_id ] ) {
				$looks[] = '(SELECT COUNT(*) AS n, MIN(id) AS first, %d AS thread_id FROM (SELECT m.id FROM ' . Schema::table( 'messages' ) . ' m LEFT JOIN ' . Schema::table( 'receipts' ) . ' r ON r.message_id = m.id AND r.user_id = %d
					WHERE m.thread_id = %d AND m.id > %d AND m.sender_id <> %d AND m.deleted_at IS NULL AND r.read_at IS NULL ORDER BY m.id LIMIT %d) AS unread)';
				array_push( $values, $thread_id, $user_id, $thread_id, $point, $user_id, self::COUNTED );
			}
		}
		$counts = array();
		$rows   = $looks ? Database::rows( implode( ' UNION ALL ', $looks ), ...$values ) : array();
		foreach ( $rows as $row ) {
			$thread_id = (int) $row->thread_id;
			$point     = null === $row->first ? $newest[ $thread_id ] : (int) $row->first - 1;
			if ( (int) $row->n > 0 ) {
				$counts[ $thread_id ] = (int) $row->n;
			}
			if ( $point - $points[ $thread_id ] >= self::WORTH_MOVING ) {
				Database::run( "UPDATE $participants SET read_up_to = %d WHERE thread_id = %d AND user_id = %d AND read_up_to < %d", $point, $thread_id, $user_id, $point );
			}
		}
		return $counts;
	}

	/**
	 * Stores that users have received messages, or have read them, which includes having received them.
	 *
	 * @param array<array{0: int, 1: int}> $pairs Message and user.
	 * @param bool                         $read  Whether they were read.
	 * @param string                       $now   The time.
	 */
	public static function store( array $pairs, bool $read, string $now ): void {
		$update = $read ? ', read_at = COALESCE(read_at, VALUES(read_at))' : '';
		$column = $read ? ', read_at' : '';
		foreach ( array_chunk( $pairs, self::CHUNK ) as $chunk ) {
			$values = array();
			foreach ( $chunk as list( $message_id, $user_id ) ) {
				array_push( $values, $message_id, $user_id, $now, $now );
				if ( $read ) {
					$values[] = $now;
				}
			}
			Database::run(
				'INSERT INTO ' . Schema::table( 'receipts' ) . " (message_id, user_id, created_at, delivered_at$column) VALUES "
					. Database::list_of( $chunk, $read ? '(%d, %d, %s, %s, %s)' : '(%d, %d, %s, %s)' )
					. " ON DUPLICATE KEY UPDATE delivered_at = COALESCE(delivered_at, VALUES(delivered_at))$update",
				...$values
			);
		}
	}

	/**
	 * Gives messages a later status; one that has it already, or a later one, keeps its own.
	 *
	 * @param int[]  $ids    The messages.
	 * @param string $status 'delivered' or 'read'.
	 */
	public static function advance( array $ids, string $status ): void {
		foreach ( array_chunk( $ids, self::CHUNK ) as $chunk ) {
			Database::run( 'UPDATE ' . Schema::table( 'messages' ) . ' SET status = %s WHERE id IN (' . Database::list_of( $chunk ) . ') AND FIELD(status, \'sent\', \'delivered\', \'read\') < %d', $status, ...$chunk, ...array( 'delivered' === $status ? 2 : 3 ) );
		}
	}

	/**
	 * Which of these messages everybody else in their thread has read now, and had not before.
	 *
	 * @param int[] $ids The messages.
	 * @return int[]
	 */
	public static function read_by_all( array $ids ): array {
		$found = array();
		foreach ( array_chunk( $ids, self::CHUNK ) as $chunk ) {
			$found = array_merge(
				$found,
				Database::ids(
					'SELECT m.id FROM ' . Schema::table( 'messages' ) . ' m WHERE m.id IN (' . Database::list_of( $chunk ) . ") AND m.status <> 'read' AND NOT EXISTS (
						SELECT 1 FROM " . Schema::table( 'participants' ) . ' p LEFT JOIN ' . Schema::table( 'receipts' ) . ' r ON r.message_id = m.id AND r.user_id = p.user_id
						WHERE p.thread_id = m.thread_id AND p.user_id <> m.sender_id AND r.read_at IS NULL)',
					...$chunk
				)
			);
		}
		return $found;
	}

	/**
	 * Who has read a message, in the order in which they did.
	 *
	 * @param int $message_id The message.
	 * @return array<int, array<string, mixed>>
	 */
	public static function of( int $message_id ): array {
		$rows = Database::rows( 'SELECT user_id, read_at FROM ' . Schema::table( 'receipts' ) . ' WHERE message_id = %d AND read_at IS NOT NULL ORDER BY read_at, id', $message_id );
		People::load( array_map( static fn( object $row ): int => (int) $row->user_id, $rows ) );
		return array_map(
			static fn( object $row ): array => array(
				'user_id'     => (int) $row->user_id,
				'user_name'   => People::name( (int) $row->user_id ),
				'user_email'  => People::email( (int) $row->user_id ),
				'read_at'     => $row->read_at,
				'read_at_gmt' => Clock::iso( $row->read_at ),
			),
			$rows
		);
	}
}
