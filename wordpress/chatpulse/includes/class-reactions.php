<?php
/**
 * Emoji that people put on messages.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and writes reactions.
 */
final class Reactions {

	/** How many different emoji a message may have. */
	private const PER_MESSAGE = 50;

	/** Bytes in an emoji. The longest that people use have 35. */
	private const BYTES = 192;

	/** A picture, with what may follow it: a variation selector, a skin tone, tags. */
	private const PICTURE = '(?:(?![\x{1F1E6}-\x{1F1FF}])[\x{1F000}-\x{1FAFF}\x{2190}-\x{2BFF}]\x{FE0F}?|[\x{A9}\x{AE}\x{203C}\x{2049}\x{2122}\x{2139}\x{3030}\x{303D}\x{3297}\x{3299}]\x{FE0F})[\x{1F3FB}-\x{1F3FF}]?[\x{E0020}-\x{E007F}]*';

	/** One emoji: a flag, a keycap, or pictures that are joined to one. */
	private const EMOJI = '/^(?:[\x{1F1E6}-\x{1F1FF}]{2}|[0-9#*]\x{FE0F}?\x{20E3}|' . self::PICTURE . '(?:\x{200D}' . self::PICTURE . ')*)$/Du';

	/**
	 * Whether a text is one emoji as people see it: flags, keycaps, skin tones and joined families are one.
	 *
	 * @param mixed $text The text.
	 */
	public static function is_emoji( mixed $text ): bool {
		return is_string( $text ) && strlen( $text ) <= self::BYTES && 1 === preg_match( self::EMOJI, $text );
	}

	/**
	 * Whether a text may be the content of a message of the content type `reaction`: pictures only, as earlier versions have it.
	 *
	 * @param string $text The text.
	 */
	public static function is_content( string $text ): bool {
		return 1 === preg_match( '/^[\x{1F000}-\x{1FAFF}\x{2600}-\x{27BF}\x{200D}]{1,16}$/Du', $text );
	}

	/**
	 * Puts an emoji on a message; one that the user has put there stays as it is.
	 *
	 * @param int    $message_id The message, locked.
	 * @param int    $user_id    The user.
	 * @param string $emoji      The emoji.
	 * @param string $now        The time.
	 * @throws Refusal When the message has as many different ones as it may.
	 */
	public static function add( int $message_id, int $user_id, string $emoji, string $now ): void {
		$table = Schema::table( 'reactions' );
		$there = array_column( Database::rows( "SELECT DISTINCT emoji FROM $table WHERE message_id = %d", $message_id ), 'emoji' );
		if ( count( $there ) >= self::PER_MESSAGE && ! in_array( $emoji, $there, true ) ) {
			throw new Refusal( 'too_many_reactions', __( 'This message has as many different reactions as it may.', 'chatpulse' ), 400 );
		}
		Database::run(
			"INSERT INTO $table (message_id, user_id, emoji, created_at) VALUES (%d, %d, %s, %s) ON DUPLICATE KEY UPDATE emoji = VALUES(emoji)",
			$message_id,
			$user_id,
			$emoji,
			$now
		);
	}

	/**
	 * Takes a user's emoji from a message.
	 *
	 * @param int    $message_id The message.
	 * @param int    $user_id    The user.
	 * @param string $emoji      The emoji.
	 */
	public static function remove( int $message_id, int $user_id, string $emoji ): void {
		Database::run( 'DELETE FROM ' . Schema::table( 'reactions' ) . ' WHERE message_id = %d AND user_id = %d AND emoji = %s', $message_id, $user_id, $emoji );
	}

	/**
	 * Takes all reactions from a message.
	 *
	 * @param int $message_id The message.
	 */
	public static function clear( int $message_id ): void {
		Database::run( 'DELETE FROM ' . Schema::table( 'reactions' ) . ' WHERE message_id = %d', $message_id );
	}

	/**
	 * The reactions of messages, emoji in the order in which they were first used, users in the order in which they used them.
	 *
	 * @param int[] $message_ids The messages; at least one.
	 * @return array<int, array<int, array{emoji: string, user_ids: int[]}>> By message.
	 */
	public static function of( array $message_ids ): array {
		$users = array();
		foreach ( Database::rows( 'SELECT message_id, emoji, user_id FROM ' . Schema::table( 'reactions' ) . ' WHERE message_id IN (' . Database::list_of( $message_ids ) . ') ORDER BY id', ...$message_ids ) as $row ) {
			// With a prefix, because a key like "7" would become a number.
			$users[ (int) $row->message_id ][ 'e' . $row->emoji ][] = (int) $row->user_id;
		}
		$reactions = array();
		foreach ( $users as $message_id => $by_emoji ) {
			foreach ( $by_emoji as $key => $user_ids ) {
				$reactions[ $message_id ][] = array(
					'emoji'    => substr( $key, 1 ),
					'user_ids' => $user_ids,
				);
			}
		}
		return $reactions;
	}
}
