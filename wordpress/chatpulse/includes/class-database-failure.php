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

	public const DUPLICATE       = 1062;
	public const LOCK_TIME_OUT   = 1205;
	public const DEADLOCK        = 1213;
	public const PARENT_IS_GONE  = 1452;

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
	 * What the caller is told.
	 */
	public function to_refusal(): Refusal {
		return new Refusal( 'database_error', __( 'The database could not do this just now.', 'chatpulse' ), 500 );
	}
}
