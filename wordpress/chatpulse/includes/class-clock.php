<?php
/**
 * Times as the tables keep them and as answers show them.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * The tables keep times in the site's own time zone, as earlier versions did; answers have them in UTC besides.
 */
final class Clock {

	/**
	 * Now, in the site's time zone, as the tables keep it.
	 */
	public static function now(): string {
		return current_time( 'mysql' );
	}

	/**
	 * Now in UTC, some seconds earlier if wanted, as the tables keep it.
	 *
	 * @param int $seconds_ago How much earlier.
	 */
	public static function now_gmt( int $seconds_ago = 0 ): string {
		return gmdate( 'Y-m-d H:i:s', time() - $seconds_ago );
	}

	/**
	 * A time of the tables as ISO 8601 in UTC.
	 *
	 * @param string|null $local The time in the site's time zone; null stays null.
	 * @param string|null $gmt   The same in UTC, where it was kept.
	 */
	public static function iso( ?string $local, ?string $gmt = null ): ?string {
		if ( null !== $gmt ) {
			return str_replace( ' ', 'T', $gmt ) . 'Z';
		}
		static $known = array();
		if ( null === $local || str_starts_with( $local, '0000' ) ) {
			return null;
		}
		if ( ! isset( $known[ $local ] ) ) {
			// One batch asks for the same second many times.
			$known           = count( $known ) > 1000 ? array() : $known;
			$known[ $local ] = get_gmt_from_date( $local, 'Y-m-d\TH:i:s\Z' );
		}
		return $known[ $local ];
	}
}
