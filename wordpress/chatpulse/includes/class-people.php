<?php
/**
 * The site's users, as the chat shows them.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Names and rights of users, read for many at once.
 */
final class People {

	/**
	 * Reads these users in two queries, so that what is asked about them afterwards costs none.
	 *
	 * @param int[] $ids The users.
	 */
	public static function load( array $ids ): void {
		cache_users( array_values( array_unique( $ids ) ) );
	}

	/**
	 * The name that a user shows; '' where the user is not there any more.
	 *
	 * @param int $id The user.
	 */
	public static function name( int $id ): string {
		$user = get_userdata( $id );
		return $user ? (string) $user->display_name : '';
	}

	/**
	 * A user's mail address; '' where the user is not there any more.
	 *
	 * @param int $id The user.
	 */
	public static function email( int $id ): string {
		$user = get_userdata( $id );
		return $user ? (string) $user->user_email : '';
	}

	/**
	 * Whether there is such a user.
	 *
	 * @param int $id The user.
	 */
	public static function exists( int $id ): bool {
		return (bool) get_userdata( $id );
	}

	/**
	 * Whether a user may use the chat.
	 *
	 * @param int $id The user.
	 */
	public static function may_chat( int $id ): bool {
		return self::exists( $id ) && user_can( $id, Capabilities::CHAT );
	}

	/**
	 * Whether a user may moderate every thread.
	 *
	 * @param int $id The user.
	 */
	public static function may_moderate( int $id ): bool {
		return user_can( $id, Capabilities::MODERATE );
	}
}
