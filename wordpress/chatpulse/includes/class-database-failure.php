<?php
/**
 * What the database refused.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * A statement failed. The caller is told no more than that; the database's own words are the exception's message and go to the log.
 */
final class Database_Failure extends \RuntimeException {

	public const DUPLICATE      = 1062;
	public const PARENT_IS_GONE = 1452;

	/** Lost against another transaction: the row changed since it was read, waited too long for a lock, deadlock. */
	private const LOST = array( 1020, 1205, 1213 );

	/**
	 * Makes a failure.
	 *
	 * @param string $message The database's words.
	 * @param int    $number  The database's error number, 0 where it gave none.
	 */
	public function __construct( string $message, public readonly int $number = 0 ) {
		parent::__construct( '' !== $message ? $message : 'The database refused a statement without saying why.' );
	}

	/**
	 * Whether the transaction lost against another one and may be done again from its beginning.
	 */
	public function is_lost_race(): bool {
		return in_array( $this->number, self::LOST, true );
	}

	/**
	 * Whether the connection is gone, and with it the transaction.
	 */
	public function is_lost_connection(): bool {
		// The client's own error numbers, which are about the connection, begin at 2000.
		return 0 === $this->number || ( $this->number >= 2000 && $this->number < 3000 );
	}

	/**
	 * Whether nothing of the transaction is left.
	 */
	public function ended_transaction(): bool {
		return $this->is_lost_connection() || $this->is_lost_race();
	}

	/**
	 * What the caller is told.
	 */
	public function to_refusal(): Refusal {
		return new Refusal( 'database_error', __( 'The database could not do this just now.', 'chatpulse' ), 500 );
	}
}
