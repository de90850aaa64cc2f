<?php
/**
 * Why a call is refused.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Something that was asked for is not done. Becomes a REST error, or the result of an operation in a batch.
 */
class Refusal extends \RuntimeException {

	/**
	 * Makes a refusal.
	 *
	 * @param string               $error   The machine-readable code.
	 * @param string               $message What was wrong, for people.
	 * @param int                  $status  The HTTP status.
	 * @param array<string, mixed> $data    More for the error's `data`.
	 */
	public function __construct( public readonly string $error, string $message, public readonly int $status, public readonly array $data = array() ) {
		parent::__construct( $message );
	}

	/**
	 * The refusal as a REST error.
	 */
	public function to_error(): \WP_Error {
		return new \WP_Error( $this->error, $this->getMessage(), array( 'status' => $this->status ) + $this->data );
	}

	/**
	 * The refusal as the body that WordPress makes of a REST error.
	 *
	 * @return array{code: string, message: string, data: array<string, mixed>}
	 */
	public function to_body(): array {
		return array(
			'code'    => $this->error,
			'message' => $this->getMessage(),
			'data'    => array( 'status' => $this->status ) + $this->data,
		);
	}

	/**
	 * Nobody is signed in, or the key is wrong.
	 */
	public static function not_signed_in(): self {
		return new self( 'rest_not_logged_in', __( 'You are not currently logged in.', 'chatpulse' ), 401 );
	}

	/**
	 * Not a participant; the same where there is no such thread, so that ids cannot be tried out.
	 */
	public static function thread(): self {
		return new self( 'rest_cannot_access_thread', __( 'Sorry, you are not allowed to access this thread.', 'chatpulse' ), 403 );
	}

	/**
	 * No such message.
	 */
	public static function message(): self {
		return new self( 'message_not_found', __( 'Message not found.', 'chatpulse' ), 404 );
	}

	/**
	 * A field that is missing or not what it should be, in WordPress's own words for it.
	 *
	 * @param string $field The field.
	 */
	public static function invalid( string $field ): self {
		return new self(
			'rest_invalid_param',
			/* translators: %s: name of the field. */
			sprintf( __( 'Invalid parameter(s): %s', 'chatpulse' ), $field ),
			400,
			array( 'params' => array( $field => __( 'Invalid parameter.', 'chatpulse' ) ) )
		);
	}
}
