<?php
/**
 * The route of batches.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Up to 200 operations of many users in one call of the chat server, which pays for starting WordPress once.
 */
final class Rest_Batch {

	/**
	 * Registers the route.
	 */
	public static function routes(): void {
		Rest_Api::route(
			'POST',
			'/batch',
			Rest_Api::SERVER,
			array( 'operations' => Rest_Api::arg( static fn( $value ): bool => is_array( $value ) && array_is_list( $value ) && count( $value ) <= Batch::MOST, true ) ),
			array( self::class, 'run' )
		);
	}

	/**
	 * Does the operations. No webhooks: the caller knows.
	 *
	 * @param \WP_REST_Request $request The call.
	 */
	public static function run( \WP_REST_Request $request ): \WP_REST_Response {
		$operations = array_map( static fn( mixed $given ): Operation => new Operation( $given ), $request['operations'] );
		if ( $operations ) {
			Batch::run( $operations );
		}
		return new \WP_REST_Response( array( 'results' => array_map( static fn( Operation $operation ): array => $operation->result(), $operations ) ) );
	}
}
