<?php
/**
 * The setting that keeps the chat to some roles.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Lets the chosen roles chat; with none chosen everybody who may read the site does. Administrators always may.
 */
final class Chat_Roles {

	/** The option: names of roles, empty for everybody. */
	public const OPTION = 'chatpulse_roles';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_filter( 'chatpulse_chat_capability', array( self::class, 'capability' ), 5, 2 );
	}

	/**
	 * The roles that may chat, empty for everybody.
	 *
	 * @return string[]
	 */
	public static function chosen(): array {
		return array_values( array_filter( (array) get_option( self::OPTION, array() ), 'is_string' ) );
	}

	/**
	 * What a user needs to chat: what everybody needs, unless their roles are not among the chosen ones.
	 *
	 * @param string $capability What is needed so far.
	 * @param int    $user_id    The user.
	 */
	public static function capability( string $capability, int $user_id ): string {
		$chosen = self::chosen();
		if ( array() === $chosen ) {
			return $capability;
		}
		$user = get_userdata( $user_id );
		if ( ! $user ) {
			return 'do_not_allow';
		}
		$may = array_intersect( $chosen, $user->roles ) || ! empty( $user->allcaps['manage_options'] ) || is_super_admin( $user_id );
		return $may ? $capability : 'do_not_allow';
	}
}
