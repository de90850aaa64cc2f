<?php
/**
 * Routes of messages.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Lists, sends and changes messages and their receipts. What changes something is a batch of one.
 */
final class Rest_Messages {

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		$thread  = array( 'thread_id' => Rest_Api::id_arg() );
		$message = array( 'message_id' => Rest_Api::id_arg() );
		$content = Rest_Api::arg( array( Messages::class, 'is_content' ), true );
		Rest_Api::route(
			'GET',
			'/threads/(?P<thread_id>\d+)/messages',
			Rest_Api::USER,
			$thread + array(
				'before'    => array( 'default' => '' ) + Rest_Api::arg( static fn( $value ): bool => '' === $value || null !== self::local_time( $value ) ),
				'limit'     => Rest_Api::number_arg( 50, 100 ),
				'before_id' => Rest_Api::id_arg( false ),
				'after_id'  => Rest_Api::arg( static fn( $value ): bool => 0 === $value || '0' === $value || Ids::is_id( $value ) ),
			),
			array( self::class, 'list' )
		);
		Rest_Api::route(
			'POST',
			'/threads/(?P<thread_id>\d+)',
			Rest_Api::USER_OR_SERVER,
			$thread + array(
				'content'        => $content,
				'content_type'   => array( 'default' => 'text/plain' ) + Rest_Api::arg( static fn( $value ): bool => in_array( $value, Messages::CONTENT_TYPES, true ) ),
				'attachment_ids' => array( 'default' => array() ) + Rest_Api::arg( static fn( $value ): bool => null !== Ids::list_of( $value, Attachments::PER_MESSAGE ) ),
				'sender_id'      => Rest_Api::arg( static fn( $value ): bool => null === $value || Ids::is_id( $value ) ),
				'client_id'      => Rest_Api::arg( static fn( $value ): bool => null === $value || Messages::is_client_id( $value ) ),
			),
			array( self::class, 'send' )
		);
		Rest_Api::route(
			'POST',
			'/threads/(?P<thread_id>\d+)/read',
			Rest_Api::USER,
			$thread + array(
				'message_id'  => Rest_Api::id_arg( false ),
				'message_ids' => Rest_Api::arg( static fn( $value ): bool => null === $value || null !== Ids::list_of( $value, Operation::IDS ) ),
			),
			array( self::class, 'read' )
		);
		Rest_Api::route( 'GET', '/messages/(?P<message_id>\d+)/receipts', Rest_Api::USER, $message, array( self::class, 'receipts' ) );
		Rest_Api::route( 'PATCH', '/messages/(?P<message_id>\d+)', Rest_Api::USER, $message + array( 'content' => $content ), static fn( $request, $caller ) => self::change( $request, $caller, 'edit' ) );
		Rest_Api::route( 'DELETE', '/messages/(?P<message_id>\d+)', Rest_Api::USER, $message, static fn( $request, $caller ) => self::change( $request, $caller, 'delete' ) );
		Rest_Api::route(
			'POST',
			'/messages/(?P<message_id>\d+)/reactions',
			Rest_Api::USER,
			$message + array(
				'emoji'  => Rest_Api::arg( array( Reactions::class, 'is_emoji' ), true ),
				'remove' => array( 'default' => false ) + Rest_Api::arg( 'rest_is_boolean' ),
			),
			static fn( $request, $caller ) => self::change( $request, $caller, 'react' )
		);
	}

	/**
	 * A page of a thread. A person who sees messages for the first time has received them; the chat server says so itself.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 * @throws Refusal When they are not in the thread.
	 */
	public static function list( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		$user_id   = $caller->user();
		$before_id = null === $request['before_id'] ? null : (int) $request['before_id'];
		$after_id  = null === $request['after_id'] ? null : (int) $request['after_id'];
		if ( null !== $before_id && null !== $after_id ) {
			throw Refusal::invalid( 'after_id' );
		}
		Threads::role( $thread_id, $user_id );

		list( $rows, $more ) = Messages::page( $thread_id, (int) $request['limit'], $before_id, $after_id, self::local_time( $request['before'] ) );
		$new                 = array_filter( $rows, static fn( object $row ): bool => 'sent' === $row->status && (int) $row->sender_id !== $user_id );
		if ( $new && ! $caller->has_key ) {
			self::do_one(
				array(
					'op'          => 'deliver',
					'user'        => $user_id,
					'thread_id'   => $thread_id,
					'message_ids' => array_map( static fn( object $row ): int => (int) $row->id, array_values( $new ) ),
				)
			);
			foreach ( $new as $row ) {
				$row->status = 'delivered';
			}
		}
		return new \WP_REST_Response(
			array(
				'messages' => array_values( Messages::shape( $rows ) ),
				'has_more' => $more,
			)
		);
	}

	/**
	 * Sends a message.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who sends.
	 */
	public static function send( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		if ( null === $caller->user_id && null !== $request['sender_id'] ) {
			$caller = $caller->acting_as( (int) $request['sender_id'] );
		}
		$user_id   = $caller->user();
		$operation = self::do_one(
			array(
				'op'             => 'send',
				'user'           => $user_id,
				'thread_id'      => $request['thread_id'],
				'client_id'      => $request['client_id'],
				'content'        => $request['content'],
				'content_type'   => $request['content_type'],
				'attachment_ids' => $request['attachment_ids'],
			)
		);
		$message   = $operation->body['message'];
		if ( 201 !== $operation->status ) {
			return new \WP_REST_Response(
				array(
					'message'        => $message,
					'success'        => true,
					'already_stored' => true,
				)
			);
		}
		Webhooks::queue(
			'message',
			array(
				'message'  => $message,
				'threadId' => $message['thread_id'],
				'senderId' => $user_id,
				'event'    => 'message_sent',
			)
		);
		return new \WP_REST_Response(
			array(
				'message' => $message,
				'success' => true,
			),
			201
		);
	}

	/**
	 * Marks messages as read: one, some, or all of a thread.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who has read them.
	 */
	public static function read( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$thread_id = (int) $request['thread_id'];
		$ids       = $request['message_ids'];
		if ( null !== $request['message_id'] ) {
			$ids = array_merge( (array) $ids, array( $request['message_id'] ) );
		}
		$receipts = self::do_one(
			array(
				'op'          => 'read',
				'user'        => $caller->user(),
				'thread_id'   => $thread_id,
				'message_ids' => $ids,
				'lenient'     => true,
			)
		)->body['receipts'];
		if ( $receipts ) {
			Webhooks::queue(
				'read-receipt',
				array(
					'userId'     => $caller->user(),
					'threadId'   => $thread_id,
					'messageIds' => array_column( $receipts, 'message_id' ),
					'event'      => 'messages_read',
				)
			);
		}
		return new \WP_REST_Response(
			array(
				'success'      => true,
				'marked_count' => count( $receipts ),
				'receipts'     => $receipts,
			)
		);
	}

	/**
	 * Who has read a message.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 */
	public static function receipts( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$id       = (int) $request['message_id'];
		$row      = Messages::find( array( $id ) )[ $id ] ?? throw Refusal::message();
		Threads::role( (int) $row->thread_id, $caller->user() );
		$receipts = Receipts::of( $id );
		return new \WP_REST_Response(
			array(
				'message_id'    => $id,
				'read_receipts' => $receipts,
				'read_count'    => count( $receipts ),
			)
		);
	}

	/**
	 * Edits a message, deletes it, or reacts to it.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who does it.
	 * @param string           $kind    The operation.
	 */
	private static function change( \WP_REST_Request $request, Caller $caller, string $kind ): \WP_REST_Response {
		$id        = (int) $request['message_id'];
		$row       = Messages::find( array( $id ) )[ $id ] ?? throw Refusal::message();
		$operation = self::do_one(
			array(
				'op'         => $kind,
				'user'       => $caller->user(),
				'thread_id'  => (int) $row->thread_id,
				'message_id' => $id,
				'content'    => $request['content'],
				'emoji'      => $request['emoji'],
				'remove'     => rest_sanitize_boolean( $request['remove'] ?? false ),
			)
		);
		$message   = $operation->body['message'];
		$deleted   = 'delete' === $kind;
		Webhooks::queue(
			$deleted ? 'message-deleted' : 'message-updated',
			array( 'message' => $message ) + ( $deleted ? array( 'messageId' => $id ) : array() ) + array(
				'threadId' => $message['thread_id'],
				'event'    => $deleted ? 'message_deleted' : 'message_updated',
			)
		);
		return new \WP_REST_Response( array( 'message' => $message ) );
	}

	/**
	 * Does a batch of one.
	 *
	 * @param array<string, mixed> $given The operation.
	 * @return Operation It, done.
	 * @throws Refusal When it is refused.
	 */
	private static function do_one( array $given ): Operation {
		$operation = new Operation( $given );
		Batch::run( array( $operation ) );
		return $operation->is_open() ? $operation : throw $operation->refusal;
	}

	/**
	 * A time that a caller gave, in the site's time zone: with an offset or `Z`, or without one in the site's own.
	 *
	 * @param mixed $value What the caller gave.
	 * @return string|null Null where it is none.
	 */
	private static function local_time( mixed $value ): ?string {
		if ( ! is_string( $value ) || 1 !== preg_match( '/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/D', $value ) ) {
			return null;
		}
		$time = date_create( $value, wp_timezone() );
		return $time ? $time->setTimezone( wp_timezone() )->format( 'Y-m-d H:i:s' ) : null;
	}
}
