<?php
/**
 * Routes of threads.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Lists and makes threads.
 */
final class Rest_Threads {

	/** Characters in a title. */
	private const TITLE = 255;

	/** Characters in a search. */
	private const SEARCH = 200;

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		$list = array(
			'page'     => Rest_Api::number_arg( 1, 2147483647 ),
			'per_page' => Rest_Api::number_arg( 20, 100 ),
			'search'   => array( 'default' => '' ) + Rest_Api::arg( static fn( $value ): bool => is_string( $value ) && mb_strlen( $value ) <= self::SEARCH ),
		);
		Rest_Api::route( 'GET', '/threads', Rest_Api::USER, $list, static fn( $request, $caller ) => self::list( $request, $caller->user() ) );
		Rest_Api::route(
			'POST',
			'/threads',
			Rest_Api::USER,
			array(
				'type'         => Rest_Api::arg( static fn( $value ): bool => in_array( $value, array( 'private', 'group' ), true ), true ),
				'title'        => Rest_Api::arg( static fn( $value ): bool => null === $value || ( is_string( $value ) && mb_check_encoding( $value, 'UTF-8' ) && mb_strlen( $value ) <= self::TITLE ) ),
				'participants' => Rest_Api::arg( static fn( $value ): bool => null === $value || ( is_array( $value ) && count( $value ) <= Threads::PEOPLE_PER_CALL ) ),
			),
			array( self::class, 'create' )
		);
		Rest_Api::route(
			'GET',
			'/users/(?P<user_id>\d+)/threads',
			Rest_Api::USER_OR_SERVER,
			array( 'user_id' => Rest_Api::id_arg() ) + $list,
			static fn( $request, $caller ) => self::list( $request, Rest_Users::subject( $request, $caller ) )
		);
	}

	/**
	 * A page of a user's threads.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param int              $user_id Whose.
	 */
	private static function list( \WP_REST_Request $request, int $user_id ): \WP_REST_Response {
		$page     = (int) $request['page'];
		$per_page = (int) $request['per_page'];

		list( $ids, $total ) = Threads::page( $user_id, $page, $per_page, trim( $request['search'] ) );
		return new \WP_REST_Response(
			array(
				'threads'    => Threads::shape( $ids, $user_id ),
				'pagination' => array(
					'page'        => $page,
					'per_page'    => $per_page,
					'total'       => $total,
					'total_pages' => (int) ceil( $total / $per_page ),
				),
			)
		);
	}

	/**
	 * Makes a thread.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who makes it.
	 * @throws Refusal When a participant is none.
	 */
	public static function create( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$user   = $caller->user();
		$others = array_values( array_diff( self::known_users( $request['participants'] ), array( $user ) ) );
		// A title that is given as null is an empty one, as in earlier versions.
		$title = $request->has_param( 'title' ) ? sanitize_text_field( (string) $request['title'] ) : null;

		list( $thread_id, $created ) = Threads::create( $user, $request['type'], $title, $others );
		$thread                      = Threads::shape( array( $thread_id ), $user )[0];
		if ( $created ) {
			Webhooks::queue(
				'thread-created',
				array(
					'thread'         => $thread,
					'participantIds' => array( $user, ...$others ),
					'event'          => 'thread_created',
				)
			);
		}
		return new \WP_REST_Response(
			array(
				'thread'  => $thread,
				'message' => $created ? __( 'Thread created successfully.', 'chatpulse' ) : __( 'Thread already exists.', 'chatpulse' ),
			),
			$created ? 201 : 200
		);
	}

	/**
	 * The users that a call names.
	 *
	 * @param mixed $given What it gave.
	 * @return int[] Without repeats.
	 * @throws Refusal When one of them is no user of this site.
	 */
	public static function known_users( mixed $given ): array {
		if ( ! is_array( $given ) ) {
			throw new Refusal( 'invalid_participants', __( 'Participants must be provided as an array of user IDs.', 'chatpulse' ), 400 );
		}
		$ids = array();
		foreach ( $given as $value ) {
			$ids[] = Ids::of( $value ) ?? throw self::unknown_user( $value );
		}
		$ids = array_values( array_unique( $ids ) );
		People::load( $ids );
		foreach ( $ids as $id ) {
			if ( ! People::may_chat( $id ) ) {
				throw self::unknown_user( $id );
			}
		}
		return $ids;
	}

	/**
	 * The refusal of a participant who is none.
	 *
	 * @param mixed $value What the call gave.
	 */
	private static function unknown_user( mixed $value ): Refusal {
		/* translators: %s: what was given as a user's id. */
		return new Refusal( 'invalid_participant', sprintf( __( 'Invalid participant ID: %s', 'chatpulse' ), is_scalar( $value ) ? mb_substr( sanitize_text_field( (string) $value ), 0, 50 ) : gettype( $value ) ), 400 );
	}
}
