<?php
/**
 * Routes of who is in a thread.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Lists and changes the participants of threads.
 */
final class Rest_Participants {

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		$thread = array( 'thread_id' => Rest_Api::id_arg() );
		$path   = '/threads/(?P<thread_id>\d+)/participants';
		Rest_Api::route( 'GET', $path, Rest_Api::USER_OR_SERVER, $thread, array( self::class, 'list' ) );
		Rest_Api::route(
			'POST',
			$path,
			Rest_Api::USER,
			$thread + array( 'user_ids' => Rest_Api::arg( static fn( $value ): bool => is_array( $value ) && $value && count( $value ) <= Threads::PEOPLE_PER_CALL, true ) ),
			array( self::class, 'add' )
		);
		Rest_Api::route( 'DELETE', $path . '/(?P<user_id>\d+)', Rest_Api::USER, $thread + array( 'user_id' => Rest_Api::id_arg() ), array( self::class, 'remove' ) );
	}

	/**
	 * Who is in a thread.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 * @throws Refusal When they may not know, or there is no such thread.
	 */
	public static function list( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		if ( null !== $caller->user_id ) {
			Threads::role( $thread_id, $caller->user_id );
		} elseif ( ! Threads::find( $thread_id ) ) {
			throw new Refusal( 'thread_not_found', __( 'Thread not found.', 'chatpulse' ), 404 );
		}
		return new \WP_REST_Response(
			array(
				'thread_id'    => $thread_id,
				'participants' => Threads::participants( $thread_id ),
			)
		);
	}

	/**
	 * Takes people into a group.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who does it.
	 */
	public static function add( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		$added     = Threads::add_people( $thread_id, $caller->user(), Rest_Threads::known_users( $request['user_ids'] ) );
		if ( $added ) {
			Webhooks::participants_changed( $thread_id, $added, array(), $caller->has_key );
		}
		return new \WP_REST_Response( array( 'thread' => Threads::shape( array( $thread_id ), $caller->user() )[0] ) );
	}

	/**
	 * Takes somebody out of a group.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who does it.
	 */
	public static function remove( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		$user_id   = (int) $request['user_id'];
		if ( Threads::remove_person( $thread_id, $caller->user(), $user_id ) ) {
			Webhooks::participants_changed( $thread_id, array(), array( $user_id ) );
		}
		return new \WP_REST_Response(
			array(
				'success'   => true,
				'thread_id' => $thread_id,
				'user_id'   => $user_id,
			)
		);
	}
}
