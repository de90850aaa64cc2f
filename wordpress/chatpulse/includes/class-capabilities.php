<?php
/**
 * What a user may do.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Two capabilities of the plugin's own, each granted through one that WordPress has.
 */
final class Capabilities {

	/** May use the chat at all: everybody who may read the site, unless it is filtered. */
	public const CHAT = 'chatpulse_chat';

	/** May delete others' messages, change others' groups and write system messages. */
	public const MODERATE = 'chatpulse_moderate';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_filter( 'map_meta_cap', array( self::class, 'map' ), 10, 3 );
	}

	/**
	 * Which capabilities of WordPress a user needs for one of ours.
	 *
	 * @param string[] $needed     What is needed so far.
	 * @param string   $capability The capability that is asked for.
	 * @param int      $user_id    The user.
	 * @return string[]
	 */
	public static function map( array $needed, string $capability, int $user_id ): array {
		if ( self::MODERATE === $capability ) {
			/**
			 * Filters the capability that lets somebody moderate the chat.
			 *
			 * @param string $capability 'moderate_comments' by default.
			 * @param int    $user_id    The user.
			 */
			return array( (string) apply_filters( 'chatpulse_moderate_capability', 'moderate_comments', $user_id ) );
		}
		if ( self::CHAT === $capability ) {
			/**
			 * Filters the capability that lets somebody use the chat.
			 *
			 * @param string $capability 'read' by default, which every role has.
			 * @param int    $user_id    The user.
			 */
			return array( (string) apply_filters( 'chatpulse_chat_capability', 'read', $user_id ) );
		}
		return $needed;
	}
}
