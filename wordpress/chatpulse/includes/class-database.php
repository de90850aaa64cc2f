<?php
/**
 * Statements that fail loudly, and transactions.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * A thin layer over wpdb: a statement that fails is an exception, and several can be one transaction.
 */
final class Database {

	/** How often a transaction is tried that loses against another one. */
	private const TRIES = 5;

	/**
	 * Runs a statement.
	 *
	 * @param string $sql  The statement, with placeholders of wpdb::prepare().
	 * @param mixed  ...$values The values of the placeholders.
	 * @return int The number of rows that it changed.
	 * @throws Database_Failure When the database refuses.
	 */
	public static function run( string $sql, mixed ...$values ): int {
		global $wpdb;
		$shown = $wpdb->suppress_errors( true );
		try {
			// phpcs:ignore WordPress.DB.PreparedSQL.NotPrepared -- prepared here.
			$result = $wpdb->query( $values ? $wpdb->prepare( $sql, $values ) : $sql );
		} finally {
			$wpdb->suppress_errors( $shown );
		}
		if ( false === $result ) {
			throw self::failure();
		}
		return (int) $wpdb->rows_affected;
	}

	/**
	 * Runs a query.
	 *
	 * @param string $sql  The query, with placeholders of wpdb::prepare().
	 * @param mixed  ...$values The values of the placeholders.
	 * @return object[] The rows.
	 * @throws Database_Failure When the database refuses.
	 */
	public static function rows( string $sql, mixed ...$values ): array {
		global $wpdb;
		$shown = $wpdb->suppress_errors( true );
		try {
			// phpcs:ignore WordPress.DB.PreparedSQL.NotPrepared -- prepared here.
			$rows = $wpdb->get_results( $values ? $wpdb->prepare( $sql, $values ) : $sql );
		} finally {
			$wpdb->suppress_errors( $shown );
		}
		if ( '' !== $wpdb->last_error ) {
			throw self::failure();
		}
		return (array) $rows;
	}

	/**
	 * The first column of each row of a query, as numbers.
	 *
	 * @param string $sql  The query, with placeholders of wpdb::prepare().
	 * @param mixed  ...$values The values of the placeholders.
	 * @return int[]
	 * @throws Database_Failure When the database refuses.
	 */
	public static function ids( string $sql, mixed ...$values ): array {
		return array_map( static fn( object $row ): int => (int) current( (array) $row ), self::rows( $sql, ...$values ) );
	}

	/**
	 * The first row of a query, or null.
	 *
	 * @param string $sql  The query, with placeholders of wpdb::prepare().
	 * @param mixed  ...$values The values of the placeholders.
	 * @throws Database_Failure When the database refuses.
	 */
	public static function row( string $sql, mixed ...$values ): ?object {
		return self::rows( $sql, ...$values )[0] ?? null;
	}

	/**
	 * Placeholders for an IN list.
	 *
	 * @param array<mixed> $values      The values; at least one.
	 * @param string       $placeholder The placeholder of each.
	 */
	public static function list_of( array $values, string $placeholder = '%d' ): string {
		return implode( ',', array_fill( 0, count( $values ), $placeholder ) );
	}

	/**
	 * Does something as one transaction: all of it is stored, or nothing. What loses against another transaction is done again from
	 * its beginning, so the work must not leave anything behind outside of the database.
	 *
	 * @template T
	 * @param callable(): T $work What to do.
	 * @return T What the work returned, after everything was committed.
	 * @throws Database_Failure When the database refuses for good; nothing is stored then.
	 * @throws Refusal          What the work throws; nothing is stored then.
	 */
	public static function transaction( callable $work ): mixed {
		global $wpdb;
		for ( $try = 1; ; $try++ ) {
			self::run( 'START TRANSACTION' );
			// wpdb would connect again in the middle of a transaction and store its second half by itself. Without a try left it ends the
			// request with a 500.
			$retries                 = $wpdb->reconnect_retries;
			$wpdb->reconnect_retries = 0;
			try {
				$result = $work();
				self::run( 'COMMIT' );
				return $result;
			} catch ( Database_Failure $failure ) {
				if ( ! $failure->is_lost_connection() ) {
					self::roll_back();
				}
				if ( ! $failure->is_lost_race() || $try >= self::TRIES ) {
					throw $failure;
				}
			} catch ( \Throwable $other ) {
				self::roll_back();
				throw $other;
			} finally {
				$wpdb->reconnect_retries = $retries;
			}
		}
	}

	/**
	 * Does something while no other process does something under the same name on this site.
	 *
	 * @template T
	 * @param string        $name What is locked.
	 * @param callable(): T $work What to do.
	 * @return T What the work returned.
	 * @throws Refusal When the lock could not be had in 10 seconds.
	 */
	public static function exclusively( string $name, callable $work ): mixed {
		global $wpdb;
		$lock = 'chatpulse_' . md5( DB_NAME . $wpdb->prefix . $name );
		if ( '1' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 10)', $lock ) ) ) {
			throw new Refusal( 'busy', __( 'The site is busy. Try it again.', 'chatpulse' ), 503 );
		}
		try {
			return $work();
		} finally {
			$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
		}
	}

	/**
	 * Gives up a transaction.
	 */
	private static function roll_back(): void {
		try {
			self::run( 'ROLLBACK' );
		} catch ( Database_Failure ) {
			return;
		}
	}

	/**
	 * What the database said last, as an exception.
	 */
	private static function failure(): Database_Failure {
		global $wpdb;
		$number = $wpdb->dbh instanceof \mysqli ? mysqli_errno( $wpdb->dbh ) : 0;
		return new Database_Failure( (string) $wpdb->last_error, $number );
	}
}
