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
			Attachments::delete_files( Database::transaction( static fn(): array => Messages::delete( $id ) ) );
		}
		if ( $ids ) {
			foreach ( Messages::shape( Messages::find( $ids ) ) as $id => $message ) {
				Webhooks::queue(
					'message-deleted',
					array(
						'message'   => $message,
						'messageId' => $id,
						'threadId'  => $message['thread_id'],
						'event'     => 'message_deleted',
					)
				);
			}
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

		$attachments = Schema::table( 'attachments' );
		$waiting     = Database::rows( "SELECT id, file_path FROM $attachments WHERE uploader_id = %d AND message_id IS NULL", $user_id );
		if ( $waiting ) {
			$ids = array_map( static fn( object $row ): int => (int) $row->id, $waiting );
			$count += Database::run( "DELETE FROM $attachments WHERE message_id IS NULL AND id IN (" . Database::list_of( $ids ) . ')', ...$ids );
			Attachments::delete_files( array_column( $waiting, 'file_path' ) );
		}
		return $count;
	}
}
