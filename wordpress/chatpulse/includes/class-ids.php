<?php
/**
 * Ids from callers.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Reads what a caller gives as an id: a positive whole number, as a number or as its digits, and nothing else.
 */
final class Ids {

	/**
	 * The id, or null where it is none.
	 *
	 * @param mixed $value What the caller gave.
	 */
	public static function of( mixed $value ): ?int {
		if ( is_string( $value ) && preg_match( '/^[0-9]{1,18}$/D', $value ) ) {
			$value = (int) $value;
		}
		return is_int( $value ) && $value > 0 ? $value : null;
	}

	/**
	 * A list of ids without repeats, or null where it is none.
	 *
	 * @param mixed $value What the caller gave.
	 * @param int   $most  How many there may be.
	 * @return int[]|null
	 */
	public static function list_of( mixed $value, int $most ): ?array {
		if ( ! is_array( $value ) || ! array_is_list( $value ) || count( $value ) > $most ) {
			return null;
		}
		$ids = array_map( array( self::class, 'of' ), $value );
		return in_array( null, $ids, true ) ? null : array_values( array_unique( $ids ) );
	}

	/**
	 * A value for register_rest_route()'s `validate_callback`.
	 *
	 * @param mixed $value What the caller gave.
	 */
	public static function is_id( mixed $value ): bool {
		return null !== self::of( $value );
	}
}
