<?php
/**
 * How often a user may send.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * The last 60 seconds, sliding: what counts are the messages that are stored, so nothing is kept for it and no message starts the time
 * again. Typing, which is not stored, has a count in a transient.
 */
final class Rate_Limit {

	private const SECONDS = 60;

	/** How often a user may say within 60 seconds that they are typing. */
	private const TYPING = 30;

	/** How many more messages each user may send now. @var array<int, int> */
	private array $left = array();

	/** When the oldest message that counts was sent, in seconds since 1970. @var array<int, int> */
	private array $oldest = array();

	/**
	 * Looks up what users have sent, in one query.
	 *
	 * @param int[] $user_ids The users.
	 * @param int   $limit    Messages in 60 seconds; 0 is no limit.
	 */
	public function __construct( array $user_ids, private readonly int $limit ) {
		if ( 0 === $limit || ! $user_ids ) {
			return;
		}
		$rows = Database::rows(
			'SELECT sender_id, COUNT(*) AS n, MIN(created_at_gmt) AS oldest FROM ' . Schema::table( 'messages' ) . ' WHERE sender_id IN (' . Database::list_of( $user_ids ) . ')
			AND created_at_gmt > %s GROUP BY sender_id',
			...$user_ids,
			...array( Clock::now_gmt( self::SECONDS ) )
		);
		foreach ( $rows as $row ) {
			$this->left[ (int) $row->sender_id ]   = max( 0, $limit - (int) $row->n );
			$this->oldest[ (int) $row->sender_id ] = (int) strtotime( $row->oldest . ' UTC' );
		}
	}

	/**
	 * Counts one more message.
	 *
	 * @param int $user_id Its sender.
	 * @throws Refusal When it is one too many.
	 */
	public function take( int $user_id ): void {
		if ( 0 === $this->limit ) {
			return;
		}
		$left = $this->left[ $user_id ] ?? $this->limit;
		if ( $left < 1 ) {
			$wait = self::SECONDS - ( time() - ( $this->oldest[ $user_id ] ?? time() ) );
			throw self::refusal( $this->limit, 'message', max( 1, $wait ) );
		}
		$this->left[ $user_id ] = $left - 1;
	}

	/**
	 * Counts that a user is typing.
	 *
	 * @param int $user_id The user.
	 * @throws Refusal When it is one too many.
	 */
	public static function typing( int $user_id ): void {
		$name  = "chatpulse_typing_rate_$user_id";
		$state = get_transient( $name );
		$now   = time();
		if ( ! is_array( $state ) || $now - $state[0] >= self::SECONDS ) {
			$state = array( $now, 0 );
		}
		$rest = max( 1, self::SECONDS - ( $now - $state[0] ) );
		if ( $state[1] >= self::TYPING ) {
			throw self::refusal( self::TYPING, 'typing', $rest );
		}
		++$state[1];
		set_transient( $name, $state, $rest );
	}

	/**
	 * The refusal of one too many.
	 *
	 * @param int    $limit   How many there may be.
	 * @param string $what    Of what.
	 * @param int    $seconds When it can be tried again.
	 */
	private static function refusal( int $limit, string $what, int $seconds ): Refusal {
		return new Refusal(
			'rate_limit_exceeded',
			/* translators: 1: a number, 2: what is limited, 3: a number of seconds. */
			sprintf( __( 'Rate limit exceeded. Maximum %1$d %2$s per %3$d seconds.', 'chatpulse' ), $limit, $what, self::SECONDS ),
			429,
			array( 'retry_after' => $seconds )
		);
	}
}
