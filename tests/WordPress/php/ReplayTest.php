<?php
/**
 * What a site with the earlier plugin answered, call by call, against this one.
 */

namespace Chatpulse\Tests;

use Chatpulse\Schema;

require_once __DIR__ . '/ChatTestCase.php';

final class ReplayTest extends ChatTestCase {

	/** Calls that are answered otherwise on purpose: the status and the code (null: no error). */
	private const DIFFERENCES = array(
		// The key alone is nobody: it stood for user 1 and opened every thread.
		'100-threads-create-private-key' => array( 403, 'rest_user_required' ),
		'201-message-create-key-no-sender' => array( 403, 'rest_user_required' ),
		'300-messages-list-key' => array( 403, 'rest_user_required' ),
		'311-messages-list-key-thread-404' => array( 403, 'rest_user_required' ),
		'400-threads-list-key' => array( 403, 'rest_user_required' ),
		'500-read-key-with-id' => array( 403, 'rest_user_required' ),
		'512-read-key-thread-404' => array( 403, 'rest_user_required' ),
		'514-read-key-user-param' => array( 403, 'rest_user_required' ),
		'600-receipts-key' => array( 403, 'rest_user_required' ),
		'700-typing-set-key' => array( 403, 'rest_user_required' ),
		'710-typing-get-key' => array( 403, 'rest_user_required' ),
		'724-typing-key-thread-404' => array( 403, 'rest_user_required' ),
		'A00-attachment-key' => array( 403, 'rest_user_required' ),
		// Two people have one private thread, in whatever order they are named.
		'102-threads-create-private-again-same-order' => array( 200, null ),
		// The other one is named; naming oneself as well is not needed.
		'107-threads-create-private-one-participant' => array( 200, null ),
		// A private thread is one of two.
		'114-threads-create-private-three' => array( 400, 'invalid_participants_count' ),
		// Membership counts with the key, too: nobody is replaced by user 1, and a thread that is not there is nobody's.
		'202-message-create-key-unknown-sender' => array( 403, 'rest_cannot_access_thread' ),
		'203-message-create-key-nonmember-sender' => array( 403, 'rest_cannot_access_thread' ),
		'211-message-create-key-thread-404' => array( 403, 'rest_cannot_access_thread' ),
		'C00-message-rate-limited' => array( 403, 'rest_cannot_access_thread' ),
		// Only who may moderate writes in the system's name.
		'232-message-create-system-by-member' => array( 403, 'rest_cannot_send_system' ),
		// The key is taken from the header only: addresses and bodies are logged.
		'237-message-create-key-in-query' => array( 401, 'rest_not_logged_in' ),
		'238-message-create-key-in-body' => array( 401, 'rest_not_logged_in' ),
		// A file that cannot be sent is said to be so, and not left out.
		'234-message-create-attachment-ids-unknown' => array( 400, 'rest_invalid_param' ),
		// Uploads work.
		'A00-attachment-alice' => array( 201, null ),
		'A03-attachment-with-file-field-too' => array( 201, null ),
		// Who calls is asked before what they call with.
		'A00-attachment-none' => array( 401, 'rest_not_logged_in' ),
		'A00-attachment-wrongkey' => array( 401, 'rest_not_logged_in' ),
		// It says what is wrong with the file.
		'A01-attachment-exe' => array( 400, 'invalid_file' ),
		// Settings and tables are WordPress's settings page's, Site Health's and WP-CLI's; no route gives out the key.
		'B00-admin-settings-cookie-admin' => array( 404, 'rest_no_route' ),
		'B00-admin-settings-cookie-alice' => array( 404, 'rest_no_route' ),
		'B00-admin-settings-key' => array( 404, 'rest_no_route' ),
		'B00-admin-settings-none' => array( 404, 'rest_no_route' ),
		'B01-admin-migrations' => array( 404, 'rest_no_route' ),
	);

	/** Calls that are answered alike, but not with the same values, and why. */
	private const OTHER_VALUES = array(
		'000-namespace-index' => 'has no admin/ routes',
		'401-threads-list-page' => 'alice has fewer threads: some were refused above',
		'503-read-cookie-without-id' => 'fewer messages: some were refused above',
		'504-read-cookie-without-body' => 'fewer messages: some were refused above',
		'507-read-cookie-foreign-message' => 'a message of another thread is passed over',
		'508-read-cookie-own-message' => 'nobody reads their own message',
		'600-receipts-alice' => 'only bob has read it: no receipt of user 1, and none of the sender',
		'602-receipts-delivered-only' => 'who has only received it has not read it',
		'710-typing-get-alice' => 'user 1 types nothing',
		'721-typing-get-after-clear' => 'user 1 types nothing',
	);

	private array $vectors;

	protected function setUp(): void {
		parent::setUp();
		$this->vectors = json_decode( (string) file_get_contents( __DIR__ . '/../vectors.json' ), true );
	}

	public function test_every_recorded_call_is_answered_alike_or_better(): void {
		global $wpdb;
		foreach ( Schema::tables() as $table ) {
			$wpdb->query( "DELETE FROM $table" );
			$wpdb->query( "ALTER TABLE $table AUTO_INCREMENT = 1" );
		}
		$before = array();
		foreach ( $this->vectors['users'] as $index => $user ) {
			$id = $index + 1;
			$this->assertSame( $user['login'], get_userdata( $id )->user_login );
			$before[ $id ] = get_userdata( $id )->display_name;
			wp_update_user( array( 'ID' => $id, 'display_name' => $user['name'] ) );
			delete_transient( "chatpulse_typing_rate_$id" );
		}
		delete_transient( 'chatpulse_typing_2' );
		try {
			$problems = $this->replay();
		} finally {
			foreach ( $before as $id => $name ) {
				wp_update_user( array( 'ID' => $id, 'display_name' => $name ) );
			}
			update_option( 'timezone_string', '' );
		}
		$this->assertSame( array(), $problems );
	}

	/** @return string[] What was not as it should be. */
	private function replay(): array {
		global $wpdb;
		$problems = array();
		foreach ( $this->vectors['calls'] as $call ) {
			foreach ( $call['prepare'] ?? array() as $prepare ) {
				if ( isset( $prepare['timezone'] ) ) {
					update_option( 'timezone_string', $prepare['timezone'] );
					continue;
				}
				for ( $i = 0; $i < ( $prepare['repeat'] ?? 1 ); $i++ ) {
					$this->make( $prepare );
				}
			}
			// Calls that are refused here have taken no ids.
			foreach ( array( 'thread' => 'threads', 'message' => 'messages' ) as $what => $table ) {
				$id = $call['expect'][ $what ]['id'] ?? null;
				if ( null !== $id && 201 === $call['status'] ) {
					$wpdb->query( 'ALTER TABLE ' . Schema::table( $table ) . ' AUTO_INCREMENT = ' . (int) $id );
				}
			}
			list( $status, $answer ) = $this->make( $call );
			$name                    = $call['name'];
			$stock                   = array( $call['status'], $call['code'] ?? null );
			$ours                    = array( $status, $answer['code'] ?? null );
			$wanted                  = isset( self::DIFFERENCES[ $name ] ) ? self::DIFFERENCES[ $name ] : $stock;
			if ( $ours !== $wanted ) {
				$problems[] = "$name: " . wp_json_encode( $ours ) . ' in place of ' . wp_json_encode( $wanted ) . ': ' . substr( (string) wp_json_encode( $answer ), 0, 300 );
				continue;
			}
			if ( $wanted !== $stock ) {
				continue;
			}
			if ( isset( self::DIFFERENCES[ $name ] ) ) {
				$problems[] = "$name: is no difference";
			}
			if ( isset( $call['params'] ) ) {
				$params = $answer['data']['params'];
				if ( $call['params'] !== ( array_is_list( $params ) ? $params : array_keys( $params ) ) ) {
					$problems[] = "$name: names " . wp_json_encode( $params );
				}
			}
			if ( str_contains( $call['path'], '/users?' ) && is_array( $answer ) && array_is_list( $answer ) ) {
				// Other tests have users, too.
				$answer = array_values( array_filter( $answer, static fn( array $user ): bool => $user['id'] <= 5 ) );
			}
			$shape  = $this->misshapen( $call['shape'] ?? ( isset( $call['code'] ) ? 'error' : 'object' ), $answer, $name );
			$values = isset( $call['expect'] ) ? $this->differs( $call['expect'], $answer, $name ) : null;
			if ( null !== $shape ) {
				$problems[] = $shape;
			} elseif ( isset( self::OTHER_VALUES[ $name ] ) === ( null === $values ) ) {
				$problems[] = $values ?? "$name: has the same values";
			}
		}
		return $problems;
	}

	/**
	 * Makes a recorded call.
	 *
	 * @return array{0: int, 1: mixed}
	 */
	private function make( array $call ): array {
		$headers = array( 'Content-Type' => $call['content_type'] ?? 'application/json' );
		$auth    = $call['auth'];
		if ( str_starts_with( $auth, 'key' ) ) {
			$headers += $this->key();
		} elseif ( 'wrongkey' === $auth ) {
			$headers['X-Chatpulse-API-Key'] = 'wrong';
		}
		if ( preg_match( '/cookie(-nononce|-badnonce)?:(\w+)$/', $auth, $parts ) ) {
			$signed_in = $this->sign_in( get_user_by( 'login', $parts[2] )->ID );
			if ( '-nononce' === $parts[1] ) {
				unset( $signed_in['X-WP-Nonce'] );
			} elseif ( '-badnonce' === $parts[1] ) {
				$signed_in['X-WP-Nonce'] = 'wrong';
			}
			$headers += $signed_in;
		}
		$key  = (string) get_option( 'chatpulse_api_key' );
		$body = null;
		if ( isset( $call['raw'] ) ) {
			// A character of the vector is a byte.
			$body = str_replace( '{key}', $key, mb_convert_encoding( $call['raw'], 'ISO-8859-1', 'UTF-8' ) );
		} elseif ( isset( $call['body'] ) ) {
			$body = str_replace( '{key}', $key, (string) wp_json_encode( array() === $call['body'] ? new \stdClass() : $call['body'] ) );
		}
		$answer = wp_remote_request(
			rest_url() . ltrim( str_replace( '{key}', $key, $call['path'] ), '/' ),
			array(
				'method'  => $call['method'],
				'timeout' => 60,
				'headers' => $headers,
				'body'    => $body,
			)
		);
		if ( is_wp_error( $answer ) ) {
			$this->fail( $answer->get_error_message() );
		}
		wp_cache_flush();
		return array( wp_remote_retrieve_response_code( $answer ), json_decode( wp_remote_retrieve_body( $answer ), true ) );
	}

	/** What of an answer has not the recorded shape; null: nothing. */
	private function misshapen( mixed $shape, mixed $value, string $where ): ?string {
		if ( is_string( $shape ) && isset( $this->vectors['shapes'][ $shape ] ) ) {
			return $this->misshapen( $this->vectors['shapes'][ $shape ], $value, $where );
		}
		if ( is_array( $shape ) ) {
			if ( ! is_array( $value ) || ( array_is_list( $shape ) && ! array_is_list( $value ) ) ) {
				return "$where is " . wp_json_encode( $value );
			}
			foreach ( array_is_list( $shape ) ? array_keys( $value ) : array_keys( $shape ) as $key ) {
				if ( ! array_key_exists( $key, $value ) ) {
					return "$where has no $key";
				}
				$problem = $this->misshapen( array_is_list( $shape ) ? $shape[0] : $shape[ $key ], $value[ $key ], "$where.$key" );
				if ( null !== $problem ) {
					return $problem;
				}
			}
			return null;
		}
		$fits = false;
		foreach ( explode( ' or ', $shape ) as $type ) {
			$fits = $fits || match ( $type ) {
				'string'  => is_string( $value ),
				'integer' => is_int( $value ),
				'boolean' => is_bool( $value ),
				'null'    => null === $value,
				'empty'   => '' === $value,
				'object'  => is_array( $value ),
				'time'    => is_string( $value ) && 1 === preg_match( '/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/', $value ),
			};
		}
		return $fits ? null : "$where is " . wp_json_encode( $value ) . " and no $shape";
	}

	/** Where an answer has not the recorded values; null: nowhere. */
	private function differs( mixed $expected, mixed $value, string $where ): ?string {
		if ( ! is_array( $expected ) ) {
			return $expected === $value ? null : "$where is " . wp_json_encode( $value ) . ', not ' . wp_json_encode( $expected );
		}
		if ( ! is_array( $value ) || ( array_is_list( $expected ) && count( $expected ) !== count( $value ) ) ) {
			return "$where is " . wp_json_encode( $value );
		}
		foreach ( $expected as $key => $part ) {
			$problem = array_key_exists( $key, $value ) ? $this->differs( $part, $value[ $key ], "$where.$key" ) : "$where has no $key";
			if ( null !== $problem ) {
				return $problem;
			}
		}
		return null;
	}
}
