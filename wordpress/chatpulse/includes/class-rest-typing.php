<?php
/**
 * Routes of typing.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Says who is typing, for front ends without a chat server: that one tells it by itself and never calls these.
 */
final class Rest_Typing {

	/** After how many seconds somebody is not typing any more who has not said so again. */
	private const SECONDS = 20;

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		$thread = array( 'thread_id' => Rest_Api::id_arg() );
		$path   = '/threads/(?P<thread_id>\d+)/typing';
		Rest_Api::route( 'POST', $path, Rest_Api::USER, $thread + array( 'is_typing' => Rest_Api::arg( 'rest_is_boolean', true ) ), array( self::class, 'set' ) );
		Rest_Api::route( 'GET', $path, Rest_Api::USER, $thread, array( self::class, 'list' ) );
	}

	/**
	 * Somebody types, or has stopped.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who types.
	 */
	public static function set( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		$user_id   = $caller->user();
		$is_typing = rest_sanitize_boolean( $request['is_typing'] );
		Threads::role( $thread_id, $user_id );
		if ( $is_typing ) {
			Rate_Limit::typing( $user_id );
		}
		Database::exclusively(
			"typing $thread_id",
			static function () use ( $thread_id, $user_id, $is_typing ): void {
				$typing = self::now( $thread_id );
				unset( $typing[ $user_id ] );
				if ( $is_typing ) {
					$typing[ $user_id ] = time();
				}
				set_transient( self::name( $thread_id ), $typing, self::SECONDS );
			}
		);
		return new \WP_REST_Response(
			array(
				'success'   => true,
				'thread_id' => $thread_id,
				'is_typing' => $is_typing,
			)
		);
	}

	/**
	 * Who is typing.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 */
	public static function list( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		Threads::role( $thread_id, $caller->user() );
		$users = array_keys( self::now( $thread_id ) );
		sort( $users );
		People::load( $users );
		return new \WP_REST_Response(
			array(
				'thread_id'    => $thread_id,
				'typing_users' => array_map(
					static fn( int $user_id ): array => array(
						'id'   => $user_id,
						'name' => People::name( $user_id ),
					),
					$users
				),
			)
		);
	}

	/**
	 * Who is typing in a thread now.
	 *
	 * @param int $thread_id The thread.
	 * @return array<int, int> When they said so last, by user.
	 */
	private static function now( int $thread_id ): array {
		return array_filter( (array) ( get_transient( self::name( $thread_id ) ) ?: array() ), static fn( int $since ): bool => time() - $since < self::SECONDS );
	}

	/**
	 * The name under which it is kept.
	 *
	 * @param int $thread_id The thread.
	 */
	private static function name( int $thread_id ): string {
		return "chatpulse_typing_$thread_id";
	}
}
