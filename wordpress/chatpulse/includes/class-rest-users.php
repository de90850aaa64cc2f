<?php
/**
 * Routes of users.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Finds people to chat with.
 */
final class Rest_Users {

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		$ids = array( 'default' => array() ) + Rest_Api::arg( static fn( $value ): bool => count( wp_parse_id_list( $value ) ) <= 1000 );
		Rest_Api::route(
			'GET',
			'/users',
			Rest_Api::USER_OR_SERVER,
			array(
				'exclude'  => $ids,
				'include'  => $ids,
				'per_page' => Rest_Api::number_arg( 20, 100 ),
				'search'   => array( 'default' => '' ) + Rest_Api::arg( static fn( $value ): bool => is_string( $value ) && mb_strlen( $value ) <= 200 ),
				'role'     => array( 'default' => '' ) + Rest_Api::arg( 'is_string' ),
			),
			array( self::class, 'list' )
		);
		Rest_Api::route( 'GET', '/users/(?P<user_id>\d+)/contacts', Rest_Api::USER_OR_SERVER, array( 'user_id' => Rest_Api::id_arg() ), array( self::class, 'contacts' ) );
	}

	/**
	 * The user that a call is about: anybody for the chat server, oneself for others.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 * @throws Refusal When it is somebody else.
	 */
	public static function subject( \WP_REST_Request $request, Caller $caller ): int {
		$user_id = (int) $request['user_id'];
		if ( null !== $caller->user_id && $caller->user_id !== $user_id ) {
			throw new Refusal( 'rest_forbidden', __( 'Sorry, you are not allowed to do that.', 'chatpulse' ), 403 );
		}
		return $user_id;
	}

	/**
	 * Everyone who shares a thread with a user.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 */
	public static function contacts( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		return new \WP_REST_Response( array( 'user_ids' => Threads::contacts( self::subject( $request, $caller ) ) ) );
	}

	/**
	 * Users in the order of their names.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 */
	public static function list( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$search = trim( $request['search'] );
		$query  = array(
			'number'      => (int) $request['per_page'],
			'include'     => wp_parse_id_list( $request['include'] ),
			'exclude'     => wp_parse_id_list( $request['exclude'] ),
			'role'        => $request['role'],
			'orderby'     => 'display_name',
			'order'       => 'ASC',
			'count_total' => false,
		);
		if ( '' !== $search ) {
			$query['search']         = '*' . $search . '*';
			$query['search_columns'] = array( 'display_name', 'user_nicename' );
		}
		// What others may do in detail is told only to those who may list users in the first place.
		$all = null === $caller->user_id || user_can( $caller->user_id, 'list_users' );
		return new \WP_REST_Response(
			array_map(
				static fn( \WP_User $user ): array => array(
					'id'           => $user->ID,
					'name'         => $user->display_name,
					'username'     => $user->user_nicename,
					'avatar_url'   => (string) get_avatar_url( $user->ID ),
					'roles'        => array_values( $user->roles ),
					'capabilities' => $all ? array_keys( array_filter( $user->allcaps ) ) : array(),
					'last_active'  => '',
					'is_online'    => false,
				),
				( new \WP_User_Query( $query ) )->get_results()
			)
		);
	}
}
