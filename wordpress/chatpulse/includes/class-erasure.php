<?php
/**
 * Deleting what one person has left.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Deletes a person's content. Messages keep their place without their content, as when their author deletes them.
 */
final class Erasure {

	/**
	 * Deletes the content of a user's messages, oldest first, with attachments and reactions, and tells the chat server.
	 *
	 * @param int $user_id The user.
	 * @param int $limit   How many messages at most.
	 * @return int How many there were.
	 */
	public static function messages_of( int $user_id, int $limit ): int {
		$messages = Schema::table( 'messages' );
		$ids      = Database::ids( "SELECT id FROM $messages WHERE sender_id = %d AND deleted_at IS NULL ORDER BY id LIMIT %d", $user_id, $limit );
		foreach ( $ids as $id ) {
			Messages::erase( $id );
		}
		return count( $ids );
	}

	/**
	 * Deletes what else a user has left: reactions, receipts, and files that no message carries.
	 *
	 * @param int $user_id The user.
	 * @return int How many rows there were.
	 */
	public static function traces_of( int $user_id ): int {
		$count  = Database::run( 'DELETE FROM ' . Schema::table( 'reactions' ) . ' WHERE user_id = %d', $user_id );
		$count += Database::run( 'DELETE FROM ' . Schema::table( 'receipts' ) . ' WHERE user_id = %d', $user_id );
		return $count + Attachments::discard_unused( $user_id );
	}
}
