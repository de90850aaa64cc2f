<?php
/**
 * What becomes of the chat of a user whose account is deleted.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Follows what the administrator chose when deleting the account:
 *
 * - "Attribute all content to …": messages and conversations become the other user's, who takes the deleted one's place in each.
 * - "Delete all content": what the user wrote stays where others answered to it, without a name: the account was what tied a number
 *   to a person. Their reactions, receipts and files that no message carries go. To delete the messages too, erase the personal
 *   data (Tools) before deleting the account.
 *
 * A group that loses its owner gets the one who has been in it longest, administrators of the group first.
 */
final class Departed_Users {

	/**
	 * Hooks in. Before the webhooks' own look at whom the user has talked to, so that it finds the new people already.
	 */
	public static function register(): void {
		add_action( 'delete_user', array( self::class, 'deleted' ), 5, 2 );
		add_action( 'remove_user_from_blog', array( self::class, 'removed_from_site' ), 5, 3 );
	}

	/**
	 * An account is being deleted. On a network that is a site's loss only where the user is removed from it.
	 *
	 * @param int      $user_id  The user.
	 * @param int|null $reassign Who gets the content; null for nobody.
	 */
	public static function deleted( int $user_id, ?int $reassign = null ): void {
		if ( ! is_multisite() ) {
			self::settle( $user_id, (int) $reassign );
		}
	}

	/**
	 * A site of a network loses a user; WordPress has switched to it.
	 *
	 * @param int $user_id  The user.
	 * @param int $site_id  The site.
	 * @param int $reassign Who gets the content; 0 for nobody.
	 */
	public static function removed_from_site( int $user_id, int $site_id, int $reassign = 0 ): void {
		self::settle( $user_id, $reassign );
	}

	/**
	 * Gives away or cleans up what a user leaves.
	 *
	 * @param int $user_id The user.
	 * @param int $heir    Who gets it; 0 for nobody.
	 */
	private static function settle( int $user_id, int $heir ): void {
		if ( ! Schema::is_ready() ) {
			return;
		}
		Erasure::traces_of( $user_id );
		Database::transaction(
			static function () use ( $user_id, $heir ): void {
				if ( $heir > 0 && $heir !== $user_id ) {
					self::hand_over( $user_id, $heir );
				}
				self::find_owners( $user_id );
			}
		);
	}

	/**
	 * Makes everything of one user another's.
	 *
	 * @param int $user_id The user.
	 * @param int $heir    The other one.
	 */
	private static function hand_over( int $user_id, int $heir ): void {
		// The key of "once only" is the sender's own: two senders may have used the same.
		Database::run( 'UPDATE ' . Schema::table( 'messages' ) . ' SET sender_id = %d, client_id = NULL WHERE sender_id = %d', $heir, $user_id );
		Database::run( 'UPDATE ' . Schema::table( 'threads' ) . ' SET created_by = %d WHERE created_by = %d', $heir, $user_id );
		// Where the other one is in the conversation already, the row that is in the way stays and is deleted below.
		Database::run( 'UPDATE IGNORE ' . Schema::table( 'participants' ) . ' SET user_id = %d WHERE user_id = %d', $heir, $user_id );
	}

	/**
	 * Finds new owners for groups that a user owns.
	 *
	 * @param int $user_id The user.
	 */
	private static function find_owners( int $user_id ): void {
		$threads = Database::ids( 'SELECT thread_id FROM ' . Schema::table( 'participants' ) . " WHERE user_id = %d AND role = 'owner'", $user_id );
		if ( $threads ) {
			Threads::lock( $threads );
		}
		foreach ( $threads as $thread_id ) {
			Threads::replace_owner( $thread_id, $user_id );
		}
	}
}
